import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { createDeviceAddresses } from '../../functions/endpoints/device-address.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { parseTagWeight } from '../../functions/endpoints/tag-weight.ts';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  EndpointService,
  type GroupResult,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { CallableFunction } from './callable-function.ts';

/** The endpoints function. */
export const endpointsFunction: CallableFunction<
  typeof EndpointService.method.computeEndpoints.input,
  typeof EndpointService.method.computeEndpoints.output
> = {
  name: 'endpoints',
  method: EndpointService.method.computeEndpoints,
  compute: computeEndpoints,
  trim: trimTags,
  probe: (nowMs) => create(ComputeEndpointsRequestSchema, { now: timestampFromMs(nowMs) }),
  findFault(request, { groups, validUntil }) {
    const asked = new Set(request.groups.map(({ name }) => name));
    if (groups.length !== asked.size) return `${asked.size} groups were asked about, and ${groups.length} are answered`;
    const isHostKnown = knowHosts(request.devices);
    for (const group of groups) {
      if (!asked.delete(group.name)) return 'a group is answered that was not asked about, or twice';
      const fault = findGroupFault(group, isHostKnown);
      if (fault !== undefined) return fault;
    }
    const nowMs = request.now === undefined ? 0 : timestampMs(request.now);
    return validUntil !== undefined && timestampMs(validUntil) < nowMs
      ? 'the answer is over before it came'
      : undefined;
  },
  // `now` makes each of them another one.
  repeats: false,
  anyTypes: undefined,
};

/** Leaves out the tags of devices that neither select, nor make a locality, nor look as if they should. */
function trimTags(request: ComputeEndpointsRequest): ComputeEndpointsRequest {
  const named = new Set(
    request.groups.flatMap(({ selectorTags, discoveryTags }) => [...selectorTags, ...discoveryTags]),
  );
  const counts = new Map<string, boolean>();
  const keep = (tag: string): boolean => {
    let kept = counts.get(tag);
    if (kept === undefined) counts.set(tag, (kept = named.has(tag) || parseTagWeight(tag).kind !== 'none'));
    return kept;
  };
  const devices = request.devices.map((device) =>
    device.tags.every(keep) ? device : create(DeviceSchema, { ...device, tags: device.tags.filter(keep) }),
  );
  return create(ComputeEndpointsRequestSchema, { ...request, devices });
}

function findGroupFault(group: GroupResult, isHostKnown: (address: string) => boolean): string | undefined {
  const { loadAssignment } = group;
  if (loadAssignment?.clusterName !== group.name) return 'a group has no load assignment, or that of another';
  for (const { lbEndpoints } of loadAssignment.endpoints) {
    for (const { hostIdentifier } of lbEndpoints) {
      const address = hostIdentifier.case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      if (address?.case !== 'socketAddress' || !isHostKnown(address.value.address)) {
        return 'a host of a load assignment is none of the devices that were posted';
      }
    }
  }
  return undefined;
}

/** Whether an address is that of a device: in the spelling of its source, or in the normal one. */
function knowHosts(devices: readonly Device[]): (address: string) => boolean {
  const told = new Set(devices.flatMap(({ addresses }) => addresses));
  let normal: Set<string> | undefined;
  return (address) => {
    if (told.has(address)) return true;
    normal ??= new Set(
      [...told].flatMap((text) => {
        const addresses = createDeviceAddresses([text]);
        return [addresses.lowest(4)?.text ?? [], addresses.lowest(6)?.text ?? []].flat();
      }),
    );
    return normal.has(address);
  };
}
