import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { computeEndpoints } from '../../../functions/endpoints/endpoints.ts';
import {
  ComputeEndpointsRequestSchema,
  type Exclusion,
  ExclusionReason,
  type Group,
} from '../../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Device } from '../../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Finding } from './diagnosis.ts';

/** How many devices that do not count are named. */
const maxNamed = 20;

/** Which devices would serve sidecars, and why others would not. */
export function checkDevices(devices: readonly Device[], group: Group, nowMs: number): Finding[] {
  const { groups } = computeEndpoints(
    create(ComputeEndpointsRequestSchema, { now: timestampFromMs(nowMs), groups: [group], devices: [...devices] }),
  );
  const localities = groups.flatMap((each) => each.localities);
  const excluded = groups.flatMap((each) => each.excluded);
  const refused = groups.flatMap((each) => each.refused);
  const untagged = excluded.filter(({ reason }) => reason === ExclusionReason.NO_DISCOVERY_TAG);
  const others = excluded.filter(({ reason }) => reason !== ExclusionReason.NO_DISCOVERY_TAG);
  const endpoints = localities.reduce((sum, each) => sum + each.endpoints.length, 0);
  const subject = `${endpoints} of ${devices.length} devices`;
  const tags = localities.map(({ region, weight }) => `${region || 'untagged'} (${weight})`).join(', ');
  const tag = group.discoveryTags[0] ?? 'tag:weight-1';
  return [
    endpoints > 0
      ? { level: 'ok', subject, detail: `serve, in the localities ${tags}` }
      : {
          level: 'warning',
          subject,
          detail: 'serve sidecars: none that is usable carries a discovery tag',
          remedy: `on a device: tailscale up --advertise-tags=${tag} (the tag needs a tagOwners entry in the tailnet's policy)`,
        },
    ...(untagged.length === 0 || endpoints === 0
      ? []
      : [
          {
            level: 'ok' as const,
            subject: `${untagged.length} devices`,
            detail: 'carry no discovery tag and are left alone',
          },
        ]),
    ...others.slice(0, maxNamed).map(exclusionFinding),
    ...refused.slice(0, maxNamed).map(({ deviceId, subject, detail }): Finding => ({
      level: 'warning',
      subject: nameOf(devices, deviceId),
      detail: `${subject} counts as absent: ${detail}`,
    })),
    ...moreThan(others.length + refused.length - 2 * maxNamed),
  ];
}

function exclusionFinding({ deviceId, deviceName, reason, detail }: Exclusion): Finding {
  const remedy = remedies[reason];
  const subject = deviceName || deviceId;
  const sentence = detail.replace(/\.$/, '');
  return { level: 'warning', subject, detail: sentence, ...(remedy === undefined ? {} : { remedy }) };
}

const remedies: Readonly<Partial<Record<ExclusionReason, string>>> = {
  [ExclusionReason.UNAUTHORIZED]: 'approve it on the Machines page of the admin console',
  [ExclusionReason.EXPIRED]: 'on the device: tailscale up --force-reauth (or disable key expiry for servers)',
  [ExclusionReason.OFFLINE]: 'on the device: tailscale status',
  [ExclusionReason.BLOCKS_INCOMING]: 'on the device: tailscale set --shields-up=false',
  [ExclusionReason.NO_ADDRESS]: 'choose another TS_ENVOY_ADDRESS_FAMILY',
  [ExclusionReason.DUPLICATE_ADDRESS]: 'give one of them another custom:lb-port, or remove the stale one',
};

function moreThan(more: number): Finding[] {
  return more > 0 ? [{ level: 'warning', subject: `${more} more`, detail: 'are left out: see tailway status' }] : [];
}

function nameOf(devices: readonly Device[], id: string): string {
  return devices.find((device) => device.id === id)?.name || id;
}
