import { z } from 'zod';
import {
  celRules,
  dnsLabel,
  duration,
  flag,
  ipAddress,
  port,
  positiveDuration,
  tag,
  text,
  wholeNumber,
} from './field-schemas.ts';

/** The fields that name an upstream; an endpoint has exactly one of them. */
const upstreamFields = ['externalTarget', 'tailscaleIP', 'tailscaleFQDN', 'selector'] as const;

const oneUpstream = `must have exactly one of ${upstreamFields.join(', ')}`;

const healthCheck = z
  .strictObject({
    enabled: flag('Whether hosts are checked.').default(true),
    path: text(
      1024,
      // A control character in one resource keeps Envoy Gateway from publishing anything, to any gateway.
      /^\/[!-~]*$/,
      'must be a path that begins with /, in ASCII and without spaces',
      'Path that is asked for; what is not ASCII is written as in `%C3%BC`.',
    ).default('/'),
    interval: positiveDuration('Time between checks.').default('5s'),
    timeout: positiveDuration('Time after which a check has failed.').default('1s'),
    healthyThreshold: wholeNumber(1, 100, 'Passed checks in a row that make a host healthy.').default(1),
    unhealthyThreshold: wholeNumber(1, 100, 'Failed checks in a row that make a host unhealthy.').default(2),
  })
  .meta({
    description: 'How Envoy checks the hosts, and leaves out those that fail. Without it hosts are not checked.',
  });

const selector = z
  .strictObject({
    tags: z
      .array(tag('A whole tag, `tag:web`.'), { error: 'must be a list of tags' })
      .min(1, 'must hold at least one tag')
      .max(64, 'must hold at most 64 tags')
      .meta({ description: 'Tags that a device must carry, all of them.', 'x-kubernetes-list-type': 'set' }),
  })
  .meta({ description: 'Devices by their tags: every usable device that carries all of them, weighted.' });

const protocols = ['HTTP', 'HTTPS', 'TCP', 'UDP'] as const;

/** One endpoint of `spec.endpoints`. */
export const endpointSchema = z
  .strictObject({
    name: dnsLabel('Name of the endpoint: the service in the path `/api/{service}`. Unique in the resource.'),
    port: port('Port of the upstream where the upstream itself names none.'),
    protocol: z
      .enum(protocols, { error: `must be one of ${protocols.join(', ')}` })
      .meta({
        description:
          'What the upstream speaks. HTTPS is verified against the CAs of the system. TCP and UDP fit no route of a path; the status says so.',
      })
      .default('HTTP'),
    externalTarget: text(
      261,
      /^(\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?|[A-Za-z0-9_]([-A-Za-z0-9._]*[A-Za-z0-9_.])?(:[0-9]{1,5})?)$/,
      'must be host:port, such as example.com:443, 192.0.2.1:80 or [2001:db8::1]:80, without a scheme and a path',
      'Upstream outside of the tailnet: `host:port`, a DNS name or an IP address, IPv6 in brackets.',
    ).optional(),
    tailscaleIP: ipAddress('Upstream on the tailnet: the tailnet address of one device.').optional(),
    tailscaleFQDN: text(
      253,
      /^[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?)*\.?$/,
      'must be the DNS name of a device, such as web.tail1234.ts.net',
      'Upstream on the tailnet: the DNS name of one device.',
    ).optional(),
    selector: selector.optional(),
    tags: z
      .array(tag('A whole tag, `tag:weight-2`.'), { error: 'must be a list of tags' })
      .max(64, 'must hold at most 64 tags')
      .meta({
        description:
          'Tags of the endpoint. A tag that ends on `weight-N` gives it the weight N where `weight` is absent; the Accepted condition names those that have no effect.',
        'x-kubernetes-list-type': 'set',
      })
      .optional(),
    weight: wholeNumber(
      1,
      100,
      'Weight among the endpoints of the resource where it is the backend of an HTTPRoute or GRPCRoute. Absent: the number in its tags, else 1.',
    ).optional(),
    healthCheck: healthCheck.optional(),
  })
  .refine((endpoint) => upstreamFields.filter((field) => endpoint[field] !== undefined).length === 1, oneUpstream)
  .meta({
    description: 'A service, and the one upstream that serves it.',
    ...celRules({
      rule: `[${upstreamFields.map((field) => `has(self.${field})`).join(', ')}].exists_one(given, given)`,
      message: oneUpstream,
    }),
  });

const patterns = (description: string) =>
  z
    .array(
      text(
        253,
        /^[-A-Za-z0-9_.*?]+$/,
        'must be a name with * for any characters and ? for one, such as web-*',
        'A name with `*` for any characters and `?` for one.',
      ),
      { error: 'must be a list of patterns' },
    )
    .max(64, 'must hold at most 64 patterns')
    .meta({ description, 'x-kubernetes-list-type': 'set' })
    .default([]);

/** `spec.autoDiscovery`. */
export const autoDiscoverySchema = z
  .strictObject({
    enabled: flag('Whether devices become endpoints by themselves.').default(false),
    includePatterns: patterns(
      'Names of the devices that count; empty: all. A pattern with a dot is compared with the whole DNS name of a device, one without with the first label. Case does not count.',
    ),
    excludePatterns: patterns('Names of the devices that do not count, though they are included.'),
    requiredTags: z
      .array(tag('A whole tag, `tag:web`.'), { error: 'must be a list of tags' })
      .max(64, 'must hold at most 64 tags')
      .meta({ description: 'Tags that a device must carry, all of them.', 'x-kubernetes-list-type': 'set' })
      .default([]),
    syncInterval: duration(
      'The shortest time between two changes of what is discovered. Absent: devices count as soon as they are known.',
    ).optional(),
    port: port(
      'Port of the discovered services where a device does not set its own by the attribute `custom:lb-port`. Absent: the port of the setting `--endpoint-port`.',
    ).optional(),
    protocol: z
      .enum(protocols, { error: `must be one of ${protocols.join(', ')}` })
      .meta({ description: 'What the discovered services speak.' })
      .default('HTTP'),
  })
  .meta({
    description:
      'Makes an endpoint of each matching device, named for the first label of the device. An endpoint of `endpoints` with that name comes first.',
  });

/** `spec` of a TailscaleEndpoints, `gateway.tailscale.com/v1alpha1`. */
export const tailscaleEndpointsSpecSchema = z
  .strictObject({
    tailnet: text(
      253,
      /^[^\s/]+$/,
      'must be the name of a tailnet, such as example.com',
      'The tailnet that the devices belong to: the name of a TailscaleTailnet of the namespace, or of the tailnet that one of these or the settings of Tailway read. Absent or `-`: all of these. Endpoints on devices of another one are refused with a condition.',
    ).optional(),
    endpoints: z
      .array(endpointSchema, { error: 'must be a list of endpoints' })
      .max(4096, 'must hold at most 4096 endpoints')
      .meta({
        description: 'The services.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      })
      .optional(),
    autoDiscovery: autoDiscoverySchema.optional(),
  })
  .meta({ description: 'What is wanted.' });

/** One endpoint of `spec.endpoints`, with defaults. */
export type EndpointSpec = z.output<typeof endpointSchema>;

/** `spec.autoDiscovery`, with defaults. */
export type AutoDiscoverySpec = z.output<typeof autoDiscoverySchema>;
