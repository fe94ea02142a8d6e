import { create } from '@bufbuild/protobuf';
import { type Duration, durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';
import { parseTagWeight } from '../../functions/endpoints/tag-weight.ts';
import {
  EndpointProtocol,
  type ServiceEndpoint,
  ServiceEndpointSchema,
  TagSelectorSchema,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { type HealthCheck, HealthCheckSchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { durationToMs } from './field-schemas.ts';
import type { Finding } from './finding.ts';
import { parseField } from './parse-field.ts';
import type { CustomResource } from './resource-source.ts';
import { type KnownTailnets, type TailnetChoice, chooseTailnets } from './tailnet-choice.ts';
import {
  type AutoDiscoverySpec,
  autoDiscoverySchema,
  type EndpointSpec,
  endpointSchema,
  tailscaleEndpointsSpecSchema,
} from './tailscale-endpoints-schema.ts';

/** What a TailscaleEndpoints comes to. */
export interface ConvertedEndpoints {
  /** The endpoints that are as they should be, in the order of the resource. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** `spec.autoDiscovery` where it is enabled. */
  readonly autoDiscovery: AutoDiscoverySpec | undefined;
  /** The tailnets whose devices it is about, as `Device.tailnet` names them. */
  readonly tailnets: readonly string[];
  /** What does not count, and why. */
  readonly findings: readonly Finding[];
}

/** What conversion has to know besides the resource. */
export type ConversionContext = KnownTailnets;

/** The parts of a resource that a conversion reads. */
export type ConvertedResource = Pick<CustomResource, 'namespace' | 'name' | 'createdMs' | 'spec'>;

/**
 * Converts a TailscaleEndpoints, which nobody has checked. What is wrong with one endpoint is no matter to the others.
 */
export function endpointsFromResource(resource: ConvertedResource, context: ConversionContext): ConvertedEndpoints {
  const whole = { path: 'spec', endpoint: '', effect: 'resource-refused' } as const;
  const outline = parseField(outlineSchema, resource.spec ?? {}, whole);
  if (outline.value === undefined) {
    return { endpoints: [], autoDiscovery: undefined, tailnets: [], findings: outline.findings };
  }
  const { tailnet, endpoints: specs = [], autoDiscovery } = outline.value;
  const findings = [...outline.findings];
  const choice = chooseTailnets(resource.namespace, tailnet, context);
  const endpoints = new Map<string, ServiceEndpoint>();
  for (const [index, input] of specs.entries()) {
    const path = `spec.endpoints[${index}]`;
    const converted = convertEndpoint(input, path, resource, choice);
    for (const finding of converted.findings) findings.push(finding);
    if (converted.endpoint === undefined) continue;
    const name = converted.name;
    if (endpoints.has(name)) findings.push(duplicate(path, name));
    else endpoints.set(name, converted.endpoint);
  }
  const discovery = convertAutoDiscovery(autoDiscovery, choice);
  return {
    endpoints: [...endpoints.values()],
    autoDiscovery: discovery.value,
    tailnets: choice.kind === 'chosen' ? choice.tailnets : [],
    findings: [...findings, ...discovery.findings],
  };
}

/** The spec with its parts still unchecked, so that each can be wrong by itself. */
const outlineSchema = tailscaleEndpointsSpecSchema.extend({
  endpoints: z
    .array(z.unknown(), { error: 'must be a list of endpoints' })
    .max(4096, 'must hold at most 4096 endpoints')
    .optional(),
  autoDiscovery: z.unknown().optional(),
});

function convertEndpoint(input: unknown, path: string, resource: ConvertedResource, choice: TailnetChoice) {
  const place = { path, endpoint: nameOf(input), effect: 'endpoint-refused' } as const;
  const { value: spec, findings } = parseField(endpointSchema, input, place);
  if (spec === undefined) return { name: '', endpoint: undefined, findings };
  if (choice.kind === 'unknown' && spec.externalTarget === undefined) {
    const refused: Finding = { ...place, reason: 'UnknownTailnet', detail: `${path}: ${choice.detail}` };
    return { name: spec.name, endpoint: undefined, findings: [...findings, refused] };
  }
  const weight = weightOf(spec, path);
  const endpoint = specToEndpoint(spec, weight.value, resource, choice);
  return { name: spec.name, endpoint, findings: [...findings, ...weight.findings] };
}

/** The name of an endpoint of which nothing else may be right. */
function nameOf(input: unknown): string {
  if (typeof input !== 'object' || input === null || !('name' in input)) return '';
  return typeof input.name === 'string' ? input.name.slice(0, 63) : '';
}

function duplicate(path: string, name: string): Finding {
  return {
    reason: 'DuplicateName',
    path: `${path}.name`,
    effect: 'endpoint-refused',
    endpoint: name,
    detail: `${path}.name is "${name}", as that of an endpoint before it: give it another name`,
  };
}

/** The resource's own weight, else the number in the endpoint's tags, else none. */
function weightOf({ name, weight, tags = [] }: EndpointSpec, path: string): { value: number; findings: Finding[] } {
  const ignored = (index: number, why: string): Finding => ({
    reason: 'NoEffect',
    path: `${path}.tags[${index}]`,
    effect: 'field-ignored',
    endpoint: name,
    detail: `${path}.tags[${index}] is "${tags[index]}": ${why}`,
  });
  let value = weight ?? 0;
  const findings: Finding[] = [];
  for (const [index, tag] of tags.entries()) {
    const said = parseTagWeight(tag);
    if (said.kind === 'none') {
      findings.push(ignored(index, 'it has no effect, since it says no weight; devices are chosen by selector.tags'));
    } else if (said.kind === 'invalid' || said.weight > 100) {
      findings.push(ignored(index, 'it has no effect, since its weight is no whole number from 1 to 100'));
    } else if (value > 0) {
      findings.push(ignored(index, `it has no effect, since the weight is ${value} already`));
    } else {
      value = said.weight;
    }
  }
  return { value, findings };
}

/** The protocols by their names in resources. */
export const protocols = {
  HTTP: EndpointProtocol.HTTP,
  HTTPS: EndpointProtocol.HTTPS,
  TCP: EndpointProtocol.TCP,
  UDP: EndpointProtocol.UDP,
} as const;

function specToEndpoint(
  spec: EndpointSpec,
  weight: number,
  resource: ConvertedResource,
  choice: TailnetChoice,
): ServiceEndpoint {
  const healthCheck = spec.healthCheck && specToHealthCheck(spec.healthCheck);
  return create(ServiceEndpointSchema, {
    ref: { namespace: resource.namespace, resource: resource.name, endpoint: spec.name },
    ...(resource.createdMs > 0 ? { created: timestampFromMs(resource.createdMs) } : {}),
    protocol: protocols[spec.protocol],
    port: spec.port,
    upstream: specToUpstream(spec, choice),
    weight,
    ...(healthCheck === undefined ? {} : { healthCheck }),
  });
}

function specToUpstream(spec: EndpointSpec, choice: TailnetChoice): ServiceEndpoint['upstream'] {
  if (spec.externalTarget !== undefined) return { case: 'externalTarget', value: spec.externalTarget };
  if (spec.tailscaleIP !== undefined) return { case: 'tailscaleIp', value: spec.tailscaleIP };
  if (spec.tailscaleFQDN !== undefined) return { case: 'tailscaleFqdn', value: spec.tailscaleFQDN };
  const tags = [...new Set(spec.selector?.tags)].toSorted();
  return { case: 'selector', value: create(TagSelectorSchema, { tags, tailnets: selectedTailnets(choice) }) };
}

/** No name means the settings' own tailnet: so what knows no other one stays as it is. */
function selectedTailnets(choice: TailnetChoice): string[] {
  const tailnets = choice.kind === 'chosen' ? [...choice.tailnets] : [];
  return tailnets.every((name) => name === '') ? [] : tailnets;
}

function specToHealthCheck(spec: NonNullable<EndpointSpec['healthCheck']>): HealthCheck | undefined {
  if (!spec.enabled) return undefined;
  const duration = (text: string): Duration => durationFromMs(durationToMs(text));
  return create(HealthCheckSchema, {
    path: spec.path,
    interval: duration(spec.interval),
    timeout: duration(spec.timeout),
    healthyThreshold: spec.healthyThreshold,
    unhealthyThreshold: spec.unhealthyThreshold,
  });
}

function convertAutoDiscovery(input: unknown, choice: TailnetChoice) {
  const place = { path: 'spec.autoDiscovery', endpoint: '', effect: 'field-ignored' } as const;
  if (input === undefined) return { value: undefined, findings: [] };
  const { value, findings } = parseField(autoDiscoverySchema, input, place);
  if (!value?.enabled) return { value: undefined, findings };
  if (choice.kind === 'chosen') return { value, findings };
  const refused: Finding = { ...place, reason: 'UnknownTailnet', detail: `${place.path}: ${choice.detail}` };
  return { value: undefined, findings: [...findings, refused] };
}
