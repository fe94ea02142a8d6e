import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Group, GroupSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { compareText } from '../compare-text.ts';

/** Orders devices by identifier. Those that share one, which no valid request has, are ordered by content. */
export function sortDevices(devices: readonly Device[]): Device[] {
  return devices.toSorted((a, b) => compareText(a.id, b.id) || compareText(deviceContent(a), deviceContent(b)));
}

/** Orders groups by name. Those that share one, which no valid request has, are ordered by content. */
export function sortGroups(groups: readonly Group[]): Group[] {
  return groups.toSorted((a, b) => compareText(a.name, b.name) || compareText(groupContent(a), groupContent(b)));
}

function deviceContent(device: Device): string {
  return content(DeviceSchema, {
    ...device,
    addresses: device.addresses.toSorted(compareText),
    tags: device.tags.toSorted(compareText),
    attributes: sortKeys(device.attributes),
  });
}

function groupContent(group: Group): string {
  return content(GroupSchema, {
    ...group,
    selectorTags: group.selectorTags.toSorted(compareText),
    tailnets: group.tailnets.toSorted(compareText),
    discoveryTags: group.discoveryTags.toSorted(compareText),
    localityWeights: sortKeys(group.localityWeights),
    endpointWeights: sortKeys(group.endpointWeights),
  });
}

function content<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return toBinary(schema, create(schema, message)).join(' ');
}

function sortKeys<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => compareText(a, b)));
}
