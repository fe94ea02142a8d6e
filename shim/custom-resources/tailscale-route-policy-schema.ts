import { z } from 'zod';
import { isRetryCondition, retryConditions } from '../../functions/upstream/retry-conditions.ts';
import {
  celRules,
  dnsLabel,
  duration,
  flag,
  objectName,
  positiveDuration,
  text,
  wholeNumber,
} from './field-schemas.ts';

const gatewayGroup = 'gateway.networking.k8s.io';
const targetKinds = ['Gateway', 'HTTPRoute', 'GRPCRoute'] as const;

const targetRef = z
  .strictObject({
    group: z
      .literal(gatewayGroup, { error: `must be ${gatewayGroup}` })
      .meta({ description: 'Group of the target.' })
      .default(gatewayGroup),
    kind: z
      .enum(targetKinds, { error: `must be one of ${targetKinds.join(', ')}` })
      .meta({ description: 'Kind of the target.' }),
    name: objectName('Name of the target, in the namespace of the policy.'),
    sectionName: objectName('A listener of a Gateway, or a rule of a route. Absent: all of them.').optional(),
  })
  .meta({ description: 'A Gateway, one of its listeners, or a route.' });

/** `spec.targetRefs`; without it Envoy Gateway drops the policy and those listed after it. */
export const targetRefsSchema = z
  .array(targetRef, { error: 'must be a list of targets' })
  .min(1, 'must name at least one target')
  .max(16, 'must name at most 16 targets')
  .meta({ description: 'What gets the routes: Gateways, listeners or routes of the namespace of the policy.' });

const policyEndpoint = z
  .strictObject({
    resource: objectName('Name of a TailscaleEndpoints of the namespace of the policy.'),
    endpoint: dnsLabel('Name of one of its endpoints. Absent: all of them.').optional(),
  })
  .meta({ description: 'Endpoints of one TailscaleEndpoints.' });

const headerValue = (description: string) =>
  text(4096, /^[^\r\n]*$/, 'must be a text of one line', description).min(1, 'must not be empty');

const oneMatch = 'must have exactly one of exact and regularExpression';

const header = z
  .strictObject({
    name: text(
      256,
      /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/,
      'must be the name of a header, such as x-tenant',
      'Name of the header. Case does not count.',
    ),
    exact: headerValue('The whole value.').optional(),
    regularExpression: headerValue('An RE2 regular expression for the whole value.')
      .meta({
        description: 'An RE2 regular expression for the whole value.',
        // An expression that is none is an error of the condition, which the API server tells.
        ...celRules({ rule: "''.matches(self) ? true : true", message: 'must be an RE2 regular expression' }),
      })
      .optional(),
  })
  .refine(({ exact, regularExpression }) => (exact === undefined) !== (regularExpression === undefined), oneMatch)
  .meta({
    description: 'A header that a request must carry.',
    ...celRules({ rule: 'has(self.exact) != has(self.regularExpression)', message: oneMatch }),
  });

const timeouts = z
  .strictObject({
    request: duration('Time for a whole request; `0s`: none. Absent: 15s.').optional(),
    idle: duration(
      'Time without any byte after which a stream ends; `0s`: none. Absent: that of the listener.',
    ).optional(),
  })
  .meta({ description: 'Time limits of requests.' });

const knownConditions = `must hold conditions that Envoy knows: ${retryConditions.join(', ')}`;
const retryOnDescription =
  'Conditions of Envoy under which a request is tried again, with commas between them. Absent: `connect-failure,refused-stream,unavailable,reset`.';

const retryOn = text(
  1024,
  /^[a-z0-9-]+(,[a-z0-9-]+)*$/,
  'must be conditions with commas between them, such as 5xx,reset',
  retryOnDescription,
)
  .refine((on) => on.split(',').every(isRetryCondition), knownConditions)
  .meta({
    description: retryOnDescription,
    ...celRules({
      rule: `self.split(',').all(each, each in [${retryConditions.map((each) => `'${each}'`).join(', ')}])`,
      message: knownConditions,
    }),
  });

const retry = z
  .strictObject({
    attempts: wholeNumber(0, 100, 'Tries after the first one; 0: none.').default(2),
    retryOn: retryOn.optional(),
    perTryTimeout: positiveDuration('Time limit of each try. Absent: that of the whole request.').optional(),
  })
  .meta({ description: 'How failed requests are tried again. Absent: not.' });

const loadBalancingPolicies = ['RoundRobin', 'LeastRequest', 'RingHash', 'Maglev', 'Random'] as const;
const hashing = 'hashHeader has no effect unless the policy is RingHash or Maglev: remove it or change the policy';
const slowStarting =
  'slowStart has no effect unless the policy is RoundRobin or LeastRequest: remove it or change the policy';

const loadBalancing = z
  .strictObject({
    policy: z
      .enum(loadBalancingPolicies, { error: `must be one of ${loadBalancingPolicies.join(', ')}` })
      .meta({ description: 'How a host is picked within a locality; localities are picked by weight before that.' })
      .default('RoundRobin'),
    panicThreshold: wholeNumber(
      0,
      100,
      'Percent of healthy hosts below which requests go to all hosts, healthy or not; 0: never. Absent: 50.',
    ).optional(),
    slowStart: positiveDuration(
      'How long the share of a new host grows up to its full one. Absent: at once.',
    ).optional(),
    hashHeader: text(
      256,
      /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/,
      'must be the name of a header, such as x-tenant',
      'Header that RingHash and Maglev hash. Absent: the address of the client.',
    ).optional(),
  })
  .refine(({ policy, hashHeader }) => hashHeader === undefined || policy === 'RingHash' || policy === 'Maglev', hashing)
  .refine(
    ({ policy, slowStart }) => slowStart === undefined || policy === 'RoundRobin' || policy === 'LeastRequest',
    slowStarting,
  )
  .meta({
    description: 'How requests are spread over the hosts of a cluster.',
    ...celRules(
      { rule: "!has(self.hashHeader) || self.policy in ['RingHash', 'Maglev']", message: hashing },
      { rule: "!has(self.slowStart) || self.policy in ['RoundRobin', 'LeastRequest']", message: slowStarting },
    ),
  });

const outlierDetection = z
  .strictObject({
    enabled: flag('Whether misbehaving hosts are left out.').default(true),
    consecutive5xx: wholeNumber(1, 10_000, 'Failures in a row that eject a host. Absent: 5.').optional(),
    interval: positiveDuration('Time between two sweeps. Absent: 10s.').optional(),
    baseEjectionTime: positiveDuration(
      'Time of a first ejection, which grows with their number. Absent: 30s.',
    ).optional(),
    maxEjectionPercent: wholeNumber(
      0,
      100,
      'Percent of the hosts that may be left out at once. Absent: 10.',
    ).optional(),
  })
  .meta({ description: 'Leaves out hosts that answer badly, for a while. Absent: not.' });

const limit = (what: string) => wholeNumber(0, 4_294_967_295, `${what} Absent: 1024.`).optional();

const circuitBreakers = z
  .strictObject({
    maxConnections: limit('Connections to a cluster.'),
    maxPendingRequests: limit('Requests that wait for a connection.'),
    maxRequests: limit('Requests at the same time.'),
    maxRetries: limit('Tries again at the same time.'),
  })
  .meta({ description: 'Limits of each cluster behind the routes.' });

const dots = 'must not hold /./ or /../, which gateways resolve';
const pathPrefixDescription = 'Path before the name of the service, from `/` to `/`. Absent: `/api/`.';

const pathPrefix = text(
  1024,
  /^\/([A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/,
  'must begin and end with /, such as /api/ or /tailnet/v1/',
  pathPrefixDescription,
)
  .refine((path) => !/\/\.{1,2}\//.test(path), dots)
  .meta({ description: pathPrefixDescription, ...celRules({ rule: "!self.matches('/[.]{1,2}/')", message: dots }) });

const hostname = text(
  253,
  /^(\*|(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/,
  'must be a host name such as www.example.com, *.example.com or *',
  'A host name, `*.example.com` and `*` included.',
);

const upstreamHttp = ['HTTP1', 'HTTP2'] as const;

/** `spec` of a TailscaleRoutePolicy, `gateway.tailscale.com/v1alpha1`. */
export const tailscaleRoutePolicySpecSchema = z
  .strictObject({
    targetRefs: targetRefsSchema,
    endpoints: z
      .array(policyEndpoint, { error: 'must be a list of endpoints' })
      .max(1024, 'must hold at most 1024 endpoints')
      .meta({ description: 'Whose routes the targets get. Empty: those of all TailscaleEndpoints of the namespace.' })
      .default([]),
    pathPrefix: pathPrefix.optional(),
    hostnames: z
      .array(hostname, { error: 'must be a list of host names' })
      .max(64, 'must hold at most 64 host names')
      .meta({
        description: 'Host names of the virtual hosts that get the routes. Empty: all.',
        'x-kubernetes-list-type': 'set',
      })
      .default([]),
    headers: z
      .array(header, { error: 'must be a list of headers' })
      .max(16, 'must hold at most 16 headers')
      .meta({ description: 'Headers that a request must carry, all of them.' })
      .default([]),
    timeouts: timeouts.optional(),
    retry: retry.optional(),
    loadBalancing: loadBalancing.optional(),
    outlierDetection: outlierDetection.optional(),
    circuitBreakers: circuitBreakers.optional(),
    connectTimeout: positiveDuration('Time to connect to a host. Absent: 5s.').optional(),
    upstreamHTTP: z
      .enum(upstreamHttp, { error: `must be one of ${upstreamHttp.join(', ')}` })
      .meta({
        description:
          'The HTTP version that the upstreams are spoken to in; gRPC needs HTTP2. Absent: HTTP/1.1 in plain text, what ALPN agrees on over TLS.',
      })
      .optional(),
  })
  .meta({ description: 'What is wanted.' });

/** `spec` of a TailscaleRoutePolicy, with defaults. */
export type RoutePolicySpec = z.output<typeof tailscaleRoutePolicySpecSchema>;
