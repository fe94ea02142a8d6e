import { buildGroupName } from '../../functions/service-endpoint/group-name.ts';
import {
  ExclusionReasonSchema,
  type GroupResult,
  type Locality,
  type WeightSource,
  WeightSourceSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { TailscaleEndpointsStatus } from '../custom-resources/status-schemas.ts';

/** One host of an endpoint, as its status says it. */
export type HostStatus = NonNullable<TailscaleEndpointsStatus['endpointStatus']>[number];

/** What is known of some tailnets. */
export interface TailnetView {
  /** Whether devices of one of them have been read. */
  readonly known: boolean;
  /** When that was last, milliseconds since 1970; undefined: never. */
  readonly lastSyncMs: number | undefined;
  deviceOfAddress(address: string): Device | undefined;
  /** @param name in any case, with or without a dot at the end */
  deviceOfName(name: string): Device | undefined;
  /** What became of a group, by its name. */
  group(name: string): GroupResult | undefined;
}

/** What is known of all tailnets. */
export interface TailnetsView {
  /** The part that a resource may be told: that of the tailnets that it is about, as `Device.tailnet` names them. */
  within(tailnets: readonly string[]): TailnetView;
}

/** How the reading of a tailnet went, by the name that its devices have. */
export interface TailnetTimes {
  isKnown(tailnet: string): boolean;
  lastSyncMs(tailnet: string): number | undefined;
}

/** A view of devices and of what became of groups. */
export function createTailnetsView(
  devices: readonly Device[],
  groups: Iterable<GroupResult>,
  times: TailnetTimes,
): TailnetsView {
  const byAddress = Map.groupBy(
    devices.flatMap((device) => device.addresses.map((address) => ({ address, device }))),
    ({ address }) => address,
  );
  const byName = Map.groupBy(devices, ({ name }) => normalize(name));
  const byGroup = new Map([...groups].map((group) => [group.name, group]));
  return {
    within(tailnets) {
      const known = tailnets.filter(times.isKnown);
      const isOwn = ({ tailnet }: Device) => known.includes(tailnet);
      const synced = known.flatMap((tailnet) => times.lastSyncMs(tailnet) ?? []);
      return {
        known: known.length > 0,
        lastSyncMs: synced.toSorted((a, b) => b - a)[0],
        deviceOfAddress: (address) => byAddress.get(address)?.findLast(({ device }) => isOwn(device))?.device,
        deviceOfName: (name) => byName.get(normalize(name))?.findLast(isOwn),
        group: (name) => byGroup.get(name),
      };
    },
  };
}

const normalize = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** The hosts of an endpoint: the devices of its group, the excluded ones included, or the one that it names. */
export function endpointToHosts(endpoint: ServiceEndpoint, tailnet: TailnetView): HostStatus[] {
  const { ref, upstream, port } = endpoint;
  const name = ref?.endpoint ?? '';
  switch (upstream.case) {
    case 'selector': {
      const group = tailnet.group(buildGroupName(ref));
      return group === undefined ? [] : groupToHosts(name, group);
    }
    case 'tailscaleIp': {
      const device = tailnet.deviceOfAddress(upstream.value);
      return [deviceToHost(name, joinHostPort(upstream.value, port), device, weightOf(endpoint))];
    }
    case 'tailscaleFqdn': {
      const device = tailnet.deviceOfName(upstream.value);
      return [deviceToHost(name, joinHostPort(upstream.value, port), device, weightOf(endpoint))];
    }
    case 'externalTarget': {
      const address = /:[0-9]+$|\]$/.test(upstream.value) ? upstream.value : `${upstream.value}:${port}`;
      return [{ name, address, ...weightOf(endpoint), health: 'Unknown' }];
    }
    default:
      return [];
  }
}

function weightOf({ weight }: ServiceEndpoint): Pick<HostStatus, 'weight' | 'weightSource'> {
  return weight > 0 ? { weight, weightSource: 'Resource' } : { weight: 1, weightSource: 'Default' };
}

function deviceToHost(
  name: string,
  address: string,
  device: Device | undefined,
  weight: Pick<HostStatus, 'weight' | 'weightSource'>,
): HostStatus {
  const host = { name, address, ...weight, ...(device === undefined ? {} : { device: device.name }) };
  if (device === undefined) return { ...host, health: 'Unknown' };
  if (device.online === false) {
    return { ...host, health: 'Unhealthy', reason: 'Offline', message: 'The device is reported as offline.' };
  }
  return { ...host, health: device.online === true ? 'Healthy' : 'Unknown' };
}

function groupToHosts(name: string, group: GroupResult): HostStatus[] {
  const counting = group.localities.flatMap((locality) =>
    locality.endpoints.map((endpoint): HostStatus => ({
      name,
      device: endpoint.deviceName,
      address: joinHostPort(endpoint.address, endpoint.port),
      weight: endpoint.weight,
      weightSource: formatWeightSource(endpoint.weightSource),
      locality: formatLocality(locality),
      health: 'Healthy',
    })),
  );
  const excluded = group.excluded.map(({ deviceName, reason, detail }): HostStatus => ({
    name,
    device: deviceName,
    health: 'Unhealthy',
    reason: camelCase(ExclusionReasonSchema.value[reason]?.localName ?? ''),
    message: detail,
  }));
  return [...counting, ...excluded];
}

function formatLocality({ region, zone, priority, weight, weightSource }: Locality): HostStatus['locality'] {
  return {
    region,
    ...(zone === '' ? {} : { zone }),
    priority,
    weight,
    weightSource: formatWeightSource(weightSource),
  };
}

function formatWeightSource(source: WeightSource): NonNullable<HostStatus['weightSource']> {
  const name = camelCase(WeightSourceSchema.value[source]?.localName ?? '');
  return weightSources.find((each) => each === name) ?? 'Default';
}

const weightSources = ['Resource', 'Tag', 'Attribute', 'Sum', 'Default'] as const;

function camelCase(name: string): string {
  const words = name.toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
