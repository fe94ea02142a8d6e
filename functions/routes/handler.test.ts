import { type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { type RoutePolicySchema, TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  type ComputeRoutesRequestSchema,
  type ExplainRoutesRequestSchema,
  RouteService,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { registerRoutes } from './handler.ts';

type RequestInit = MessageInitShape<typeof ComputeRoutesRequestSchema>;
type PolicyInit = Exclude<MessageInitShape<typeof RoutePolicySchema>, { $typeName: string }>;

const client = createClient(RouteService, createRouterTransport(registerRoutes));

const endpoint = {
  ref: { namespace: 'default', resource: 'services', endpoint: 'web' },
  port: 80,
  upstream: { case: 'externalTarget', value: 'example.com:80' },
} as const;

function policy(more: PolicyInit): RequestInit {
  const targets = [{ kind: TargetKind.GATEWAY, name: 'gateway' }];
  return { policies: [{ namespace: 'default', name: 'p', targets, ...more }] };
}

test('routes are computed', async () => {
  const virtualHosts = [{ name: 'v', domains: ['*'] }];
  const response = await client.computeRoutes({ virtualHosts, endpoints: [endpoint], allowTargets: ['10.0.0.0/8'] });
  expect(response.virtualHosts[0]?.injected[0]?.route?.name).toBe('tailscale-egress-web');
});

test('routes are explained', async () => {
  const virtualHosts = [{ name: 'v', domains: ['*'] }];
  const response = await client.explainRoutes({ inputs: { virtualHosts, endpoints: [endpoint] } });
  expect(response.endpoints[0]?.summary).toBe('Its route is injected into 1 of 1 virtual host.');
});

test.each<{ name: string; request: MessageInitShape<typeof ExplainRoutesRequestSchema>; message: string }>([
  { name: 'no inputs', request: {}, message: 'inputs: value is required [required]' },
  {
    name: 'one endpoint twice',
    request: { inputs: { endpoints: [endpoint, endpoint] } },
    message:
      'inputs.endpoints[1].ref: must be unique, but endpoints[0] and endpoints[1] have the same [endpoints.unique]',
  },
])('what is to be explained is refused: $name', async ({ request, message }) => {
  await expect(client.explainRoutes(request)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    rawMessage: message,
  });
});

test('overlays are computed', async () => {
  const route = { kind: TargetKind.HTTP_ROUTE, namespace: 'default', name: 'web' };
  const targets = [{ kind: TargetKind.HTTP_ROUTE, name: 'web' }];
  const policies = [{ namespace: 'default', name: 'p', targets, requestTimeout: durationFromMs(1000) }];
  expect((await client.computeRouteOverlay({ route, policies })).overlay?.timeout?.seconds).toBe(1n);
});

const invalid: { name: string; request: RequestInit; message: string }[] = [
  {
    name: 'an endpoint without an upstream',
    request: { endpoints: [{ ...endpoint, upstream: { case: undefined } }] },
    message: 'endpoints[0].upstream: exactly one field is required in oneof [required]',
  },
  {
    name: 'one endpoint twice',
    request: { endpoints: [endpoint, endpoint] },
    message: 'endpoints[1].ref: must be unique, but endpoints[0] and endpoints[1] have the same [endpoints.unique]',
  },
  {
    name: 'a health check faster than Envoy counts',
    request: { endpoints: [{ ...endpoint, healthCheck: { interval: { nanos: 1 } } }] },
    message: 'endpoints[0].health_check.interval: must be at least 1ms [duration.whole_millisecond]',
  },
  {
    name: 'one policy twice',
    request: { policies: [...(policy({}).policies ?? []), ...(policy({}).policies ?? [])] },
    message: 'policies[1].name: must be unique, but policies[0] and policies[1] have the same [policies.unique]',
  },
  {
    name: 'a policy without a target',
    request: policy({ targets: [] }),
    message: 'policies[0].targets: must contain at least 1 item(s) [repeated.min_items]',
  },
  {
    name: 'a prefix that ends within a segment',
    request: policy({ pathPrefix: '/api' }),
    message: 'policies[0].path_prefix: does not match regex pattern',
  },
  {
    name: 'a prefix that gateways resolve',
    request: policy({ pathPrefix: '/a/../b/' }),
    message: 'policies[0].path_prefix: must not hold /./ or /../, which gateways resolve [path_prefix.dots]',
  },
  {
    name: 'a host name with a port',
    request: policy({ hostnames: ['a.example', 'b.example:80'] }),
    message: 'policies[0].hostnames[1]: must be a DNS name, or one with *. before it, without a port [hostnames.name]',
  },
  {
    name: 'an expression that is none',
    request: policy({ headers: [{ name: 'x-a', match: { case: 'regularExpression', value: '(?=a)' } }] }),
    message: 'policies[0].headers[0].regular_expression: has a group at 1 of a kind that RE2 does not know',
  },
  {
    name: 'an unknown retry condition',
    request: policy({ retry: { attempts: 1, on: 'always' } }),
    message: 'policies[0].retry.on: holds "always", which is no condition that Envoy knows [retry.on]',
  },
  {
    name: 'an allowed target that allows nothing',
    request: { allowTargets: ['127.0.0.0/8', '10.0.0.0/33'] },
    message: 'allow_targets[1]: must be a CIDR or the end of a name [allow_targets.entry]',
  },
];

test.each(invalid)('$name is refused', async ({ request, message }) => {
  const error = await client.computeRoutes(request).then(
    () => undefined,
    (err: unknown) => ConnectError.from(err),
  );
  expect(error?.code).toBe(Code.InvalidArgument);
  expect(error?.rawMessage).toContain(message);
});
