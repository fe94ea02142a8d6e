import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { HostStatus } from './endpoint-hosts.ts';
import type { Problem } from './status-condition.ts';
import type { StatusInput } from './status-input.ts';

/** Devices that are named and not there. */
export function findUnresolved(
  input: StatusInput,
  hosts: readonly { readonly endpoint: ServiceEndpoint; readonly hosts: readonly HostStatus[] }[],
): Problem[] {
  const foreign = input.findings.filter(({ reason }) => reason === 'UnknownTailnet');
  const onTailnet = hosts.filter(({ endpoint }) => endpoint.upstream.case !== 'externalTarget');
  if (onTailnet.length === 0 && !input.discovers) return foreign;
  if (input.tailnets.length === 0) {
    // A gateway reaches a device by its address or name without knowing more of it.
    const needing = onTailnet.filter(({ endpoint }) => endpoint.upstream.case === 'selector');
    if (needing.length === 0 && !input.discovers) return foreign;
    return [
      ...foreign,
      {
        reason: 'NoDevices',
        detail:
          'no devices are read: create a TailscaleTailnet in the namespace, or configure credentials of a tailnet, or a file of devices',
      },
    ];
  }
  if (!input.tailnet.known) {
    return [...foreign, { reason: 'Pending', detail: unreadDetail(input.tailnets), pending: true }];
  }
  return [...foreign, ...onTailnet.flatMap(({ endpoint, hosts }) => findMissing(endpoint, hosts))];
}

function unreadDetail(tailnets: readonly string[]): string {
  const resources = tailnets.filter((name) => name !== '');
  const where = resources.length === 0 ? '' : `: the status of TailscaleTailnet ${resources.join(', ')} says why`;
  return `the devices of the tailnet have not been read yet${where}`;
}

function findMissing({ ref, upstream }: ServiceEndpoint, hosts: readonly HostStatus[]): Problem[] {
  const name = ref?.endpoint ?? '';
  if (upstream.case === 'selector') {
    if (hosts.some(({ health }) => health !== 'Unhealthy')) return [];
    const tags = upstream.value.tags.join(', ');
    const found =
      hosts.length === 0 ? `no device carries ${tags}` : `none of the ${hosts.length} devices with ${tags} is usable`;
    return [{ reason: 'NoMatchingDevices', detail: `endpoint "${name}": ${found}` }];
  }
  if (hosts.every(({ device }) => device !== undefined)) return [];
  return [
    { reason: 'DeviceNotFound', detail: `endpoint "${name}": no device of the tailnet has ${String(upstream.value)}` },
  ];
}
