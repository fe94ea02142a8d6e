import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { isServiceName } from '../../functions/service-endpoint/service-name.ts';
import { type ServiceEndpoint, ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { type ConvertedResource, protocols } from './endpoints-from-resource.ts';
import type { Finding } from './finding.ts';
import { matchesPattern } from './name-pattern.ts';
import type { AutoDiscoverySpec } from './tailscale-endpoints-schema.ts';

/** What discovery comes to. */
export interface DiscoveredEndpoints {
  /** Ordered by name. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** Devices that match and cannot be endpoints, and why. */
  readonly findings: readonly Finding[];
}

/** What discovery has to know besides the resource. */
export interface DiscoveryContext {
  readonly spec: AutoDiscoverySpec;
  readonly devices: readonly Device[];
  /** Names of the endpoints that the resource names itself. */
  readonly taken: ReadonlySet<string>;
  /** Port where neither the device nor the resource says one. */
  readonly defaultPort: number;
}

/**
 * Makes an endpoint of each device that `spec.autoDiscovery` chooses, named for the first label of the device's name. A
 * device that is offline stays one, so that it coming and going changes no routes; one that the tailnet has not let in,
 * that is another tailnet's or that refuses connections is none.
 */
export function discoverEndpoints(resource: ConvertedResource, context: DiscoveryContext): DiscoveredEndpoints {
  const endpoints = new Map<string, ServiceEndpoint>();
  const findings: Finding[] = [];
  const candidates = context.devices.filter((device) => isCandidate(device, context.spec));
  for (const device of candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const name = firstLabel(device);
    const fault = findFault(name, device, endpoints, context);
    if (fault === undefined) endpoints.set(name, deviceToEndpoint(name, device, resource, context));
    else findings.push(toFinding(name, device, fault));
  }
  const ordered = [...endpoints].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { endpoints: ordered.map(([, endpoint]) => endpoint), findings };
}

function isCandidate(device: Device, spec: AutoDiscoverySpec): boolean {
  const { includePatterns, excludePatterns, requiredTags } = spec;
  const matches = (pattern: string) => {
    const whole = device.name.replace(/\.$/, '');
    return matchesPattern(pattern.includes('.') ? whole : firstLabel(device), pattern);
  };
  return (
    device.authorized &&
    !device.external &&
    !device.blocksIncoming &&
    requiredTags.every((tag) => device.tags.includes(tag)) &&
    (includePatterns.length === 0 || includePatterns.some(matches)) &&
    !excludePatterns.some(matches)
  );
}

function firstLabel(device: Device): string {
  return (device.name.split('.')[0] ?? '').toLowerCase();
}

function findFault(
  name: string,
  device: Device,
  endpoints: ReadonlyMap<string, unknown>,
  { taken }: DiscoveryContext,
): string | undefined {
  if (!isServiceName(name)) return 'its name is no DNS label of at most 63 characters: rename the device or exclude it';
  if (taken.has(name))
    return `spec.endpoints has "${name}" already, and that one counts: exclude the device or rename one`;
  if (endpoints.has(name)) return `another device is called "${name}" too: rename one or exclude it`;
  return addressOf(device) === undefined ? 'it has no address yet' : undefined;
}

function toFinding(name: string, device: Device, fault: string): Finding {
  return {
    reason: 'DeviceName',
    path: 'spec.autoDiscovery',
    effect: 'field-ignored',
    endpoint: name.slice(0, 63),
    detail: `spec.autoDiscovery: device ${device.id} ("${device.name.slice(0, 100)}") is no endpoint: ${fault}`,
  };
}

/** IPv4 first, as for groups. */
function addressOf({ addresses }: Device): string | undefined {
  const sorted = addresses.toSorted();
  return sorted.find((address) => !address.includes(':')) ?? sorted[0];
}

function deviceToEndpoint(
  name: string,
  device: Device,
  { namespace, name: resource, createdMs }: ConvertedResource,
  { spec, defaultPort }: DiscoveryContext,
): ServiceEndpoint {
  return create(ServiceEndpointSchema, {
    ref: { namespace, resource, endpoint: name },
    ...(createdMs > 0 ? { created: timestampFromMs(createdMs) } : {}),
    protocol: protocols[spec.protocol],
    port: portOf(device) ?? spec.port ?? defaultPort,
    upstream: { case: 'tailscaleIp', value: addressOf(device) ?? '' },
  });
}

/** The device's own port, the attribute `custom:lb-port`; undefined where it is none. */
function portOf({ attributes }: Device): number | undefined {
  const text = attributes['custom:lb-port']?.value ?? '';
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}
