import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { createDeviceAddresses } from '../../functions/endpoints/device-address.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { parseWholeNumber } from '../../functions/endpoints/whole-number.ts';
import { parseTagWeight } from '../../functions/endpoints/tag-weight.ts';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  EndpointService,
  type Group,
  type GroupResult,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { type AssignedHost, findHosts } from './assigned-hosts.ts';
import type { CallableFunction } from './callable-function.ts';

/** The attribute that gives a device a port of its own. */
const portAttribute = 'custom:lb-port';

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
    const asked = new Map(request.groups.map((group) => [group.name, group]));
    if (groups.length !== asked.size) return `${asked.size} groups were asked about, and ${groups.length} are answered`;
    const isKnown = knowHosts(request.devices);
    for (const result of groups) {
      const group = asked.get(result.name);
      if (group === undefined || !asked.delete(result.name))
        return 'a group is answered that was not asked about, or twice';
      const fault = findGroupFault(result, group, isKnown);
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

type IsKnown = (host: AssignedHost, group: Group) => boolean;

function findGroupFault({ name, loadAssignment }: GroupResult, group: Group, isKnown: IsKnown): string | undefined {
  if (loadAssignment?.clusterName !== name) return 'a group has no load assignment, or that of another';
  const hosts = findHosts(loadAssignment);
  return hosts?.every((host) => isKnown(host, group)) === true
    ? undefined
    : 'a host of a load assignment is none of the devices that were posted for its group';
}

/** Whether a host is a device that a group selects: its address in the spelling of its source, or in the normal one. */
function knowHosts(devices: readonly Device[]): IsKnown {
  const told = Map.groupBy(
    devices.flatMap((device) => device.addresses.map((address) => ({ address, device }))),
    ({ address }) => address,
  );
  let normal: typeof told | undefined;
  const normalize = () =>
    Map.groupBy(
      [...told.values()].flat().flatMap(({ address: text, device }) => {
        const addresses = createDeviceAddresses([text]);
        const texts = [addresses.lowest(4)?.text ?? [], addresses.lowest(6)?.text ?? []].flat();
        return texts.map((address) => ({ address, device }));
      }),
      ({ address }) => address,
    );
  const carries = (device: Device, { selectorTags, tailnets }: Group) =>
    selectorTags.every((tag) => device.tags.includes(tag)) &&
    (tailnets.length === 0 ? device.tailnet === '' : tailnets.includes(device.tailnet));
  return ({ address, port }, group) => {
    const isOf = ({ device }: { readonly device: Device }) =>
      carries(device, group) &&
      (port === group.port || port === parseWholeNumber(device.attributes[portAttribute]?.value ?? '', 1, 65_535));
    return told.get(address)?.some(isOf) === true || (normal ??= normalize()).get(address)?.some(isOf) === true;
  };
}
