import * as fc from 'fast-check';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, test } from 'vitest';
import { findEndpointViolations } from '../../functions/service-endpoint/endpoint-violation.ts';
import { RoutePolicySchema, ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { endpointsFromResource } from './endpoints-from-resource.ts';
import { durationToMs } from './field-schemas.ts';
import { matchesPattern } from './name-pattern.ts';
import { parseBackendResource, parsePolicyResource } from './parse-extension-resource.ts';
import { policyFromResource } from './policy-from-resource.ts';
import { isRetryCondition, retryConditions } from '../../functions/upstream/retry-conditions.ts';
import { parseResourceFile } from './resource-file.ts';
import { tailnetFromResource } from './tailnet-from-resource.ts';

const any = { tailnets: ['-'] };
const resource = (spec: unknown) => ({ namespace: 'default', name: 'r', createdMs: 0, spec });
const convert = (spec: unknown) => endpointsFromResource(resource(spec), any);
const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1h1m1s1ms', 3_661_001],
  ['0s', 0],
])('a duration of %s', (text, ms) => {
  expect(durationToMs(text)).toBe(ms);
});

test.each([
  ['web-1', 'web-*', true],
  ['WEB-1', 'web-?', true],
  ['web-10', 'web-?', false],
  ['web', '*', true],
  ['', '*', true],
  ['', '?', false],
  ['abcbc', 'a*bc', true],
  ['abcbd', 'a*bc', false],
  ['a'.repeat(200), `${'*a'.repeat(100)}b`, false],
])('%s against %s', (name, pattern, matches) => {
  expect(matchesPattern(name, pattern)).toBe(matches);
});

// Envoy Gateway checks all resources together, and publishes none of them when one is not valid.
test.each(['/\0', '/\u0001', '/a\u007f', '/\u00fc', '/a b', '/a\nb', 'a'])(
  'a health check of the path %j is refused',
  (path) => {
    const endpoint = { name: 'web', port: 80, externalTarget: 'example.com:80' };
    const { endpoints, findings } = convert({ endpoints: [{ ...endpoint, healthCheck: { path } }] });
    expect(endpoints).toEqual([]);
    expect(findings[0]?.detail).toMatch(/^spec\.endpoints\[0\]\.healthCheck\.path is .* in ASCII and without spaces$/s);
  },
);

// An API server would have stored it so; a URL cannot have it otherwise.
test('half a character counts as one that cannot be shown', () => {
  const { tailnet } = tailnetFromResource(resource({ tailnet: 'example\udfff', apiKeySecretRef: { name: 'a' } }));
  expect(tailnet?.api.tailnet).toBe('example\ufffd');
});

test('fields without end that there are not are told in part, and harm nothing', () => {
  const odd = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`odd${index}`, 1]));
  const { endpoints, findings } = convert({
    endpoints: [{ name: 'web', port: 80, externalTarget: 'example.com:80', ...odd }],
  });
  expect(endpoints).toHaveLength(1);
  expect(findings.slice(0, -1).map(({ path }) => path)).toEqual(
    Array.from({ length: 20 }, (_, index) => `spec.endpoints[0].odd${index}`),
  );
  expect(findings.at(-1)).toMatchObject({
    effect: 'field-ignored',
    detail: expect.stringContaining('199980 more fields'),
  });
});

describe('the objects that Envoy Gateway hands over', () => {
  const endpoints = {
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleEndpoints',
    metadata: { name: 'r', namespace: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { endpoints: [{ name: 'web', port: 80, externalTarget: 'example.com:80' }, { name: 'bad' }] },
  };
  const policy = {
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleRoutePolicy',
    metadata: { name: 'p', namespace: 'a' },
    spec: { targetRefs: [{ kind: 'Gateway', name: 'eg' }] },
  };

  test('are read as such', () => {
    const [web, ...others] = parseBackendResource(bytes(`${JSON.stringify(endpoints)}\n`));
    expect(web?.ref).toMatchObject({ namespace: 'a', resource: 'r', endpoint: 'web' });
    expect(others).toEqual([]);
    expect(parsePolicyResource(bytes(JSON.stringify(policy)))).toMatchObject({ namespace: 'a', name: 'p' });
  });

  test('are told from others', () => {
    expect(parseBackendResource(bytes(JSON.stringify(policy)))).toEqual([]);
    expect(parsePolicyResource(bytes(JSON.stringify(endpoints)))).toBeUndefined();
    expect(parsePolicyResource(bytes(JSON.stringify({ ...policy, apiVersion: 'example.com/v1' })))).toBeUndefined();
    expect(parsePolicyResource(bytes(JSON.stringify({ ...policy, spec: {} })))).toBeUndefined();
  });

  test('may be anything', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.constant('['.repeat(50_000) + ']'.repeat(50_000))), (text) => {
        expect(parseBackendResource(bytes(text))).toEqual([]);
        expect(parsePolicyResource(bytes(text))).toBeUndefined();
      }),
    );
  });
});

test('nesting without end is no matter', () => {
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const spec = `{"endpoints":[{"name":"web","port":80,"externalTarget":"a:1","healthCheck":${deep}},{"name":"ok","port":80,"externalTarget":"a:1"}]}`;
  expect(convert(JSON.parse(spec)).endpoints.map(({ ref }) => ref?.endpoint)).toContain('ok');
  expect(parseResourceFile(`a: ${'['.repeat(5000)}\n`, 'f.yaml').resources).toEqual([]);
});

test('a null is as good as nothing, as for an API server', () => {
  const spec = {
    tailnet: null,
    endpoints: [{ name: 'web', port: 80, externalTarget: 'a:1', weight: null, healthCheck: null }],
  };
  expect(convert(spec)).toMatchObject({ endpoints: [{ port: 80 }], findings: [] });
});

/** What stands where something else should. */
const wrong = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300, Number.NaN, '', ' ', 'x'.repeat(5000), '__proto__', [], {}, [
    [],
  ]),
  fc.string(),
  fc.anything({ withNullPrototype: true, maxDepth: 2 }),
  fc.constantFrom('10s', 'tag:x', 'web', 80, 'HTTP', 'example.com:80', '100.64.0.1', { tags: ['tag:x'] }),
);
const fields = (...names: string[]) => fc.dictionary(fc.constantFrom(...names, 'constructor', '__proto__'), wrong);

const endpoint = fields(
  'name',
  'port',
  'protocol',
  'externalTarget',
  'tailscaleIP',
  'tailscaleFQDN',
  'selector',
  'tags',
  'weight',
  'healthCheck',
);
const endpointsSpec = fc.record(
  {
    tailnet: wrong,
    endpoints: fc.oneof(wrong, fc.array(fc.oneof(wrong, endpoint))),
    autoDiscovery: fc.oneof(wrong, fields('enabled', 'includePatterns', 'requiredTags', 'syncInterval')),
  },
  { requiredKeys: [] },
);
const policySpec = fields(
  'targetRefs',
  'endpoints',
  'pathPrefix',
  'hostnames',
  'headers',
  'timeouts',
  'retry',
  'loadBalancing',
  'upstreamHTTP',
);

test('whatever a resource holds, it is converted or refused with a place', () => {
  const ok = { name: 'ok', port: 80, externalTarget: 'example.com:80' };
  fc.assert(
    fc.property(endpointsSpec, (spec) => {
      const { findings } = convert(spec);
      for (const { path, detail } of findings) expect(detail).toContain(path);
      if (!Array.isArray(spec.endpoints)) return;
      const { endpoints } = convert({ endpoints: [ok, ...spec.endpoints] });
      expect(endpoints[0]?.ref?.endpoint).toBe('ok');
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(policySpec, (spec) => {
      const { policy, findings } = policyFromResource(resource(spec));
      expect(policy === undefined).toBe(findings.some(({ effect }) => effect === 'resource-refused'));
    }),
    { numRuns: 500 },
  );
});

test('whatever a file holds, it is read or refused with a place', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: fc.constantFrom('-', ':', ' ', '\n', '[', '{', '&a', '*a', '"', 'kind', '!!') }),
      ),
      (text) => {
        for (const { place } of parseResourceFile(text, 'f.yaml').faults) expect(place).toMatch(/^f\.yaml:\d+:\d+$/);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['in themselves', '&a [*a]'],
  ['in themselves, deeper', 'a: &a {b: *a}'],
  ['too many', `a: &a [x]\nb: [${'*a, '.repeat(5000)}]`],
  ['to nothing', 'a: *none'],
])('references %s', (_what, text) => {
  expect(parseResourceFile(text, 'f.yaml').resources).toEqual([]);
});

test.each([
  ['an API key', { apiKeySecretRef: { name: 's' }, pollInterval: '1m' }, []],
  ['an OAuth client', { oauthClientSecretRef: { name: 's' } }, []],
  ['headscale', { kind: 'headscale', apiURL: 'https://hs.example.com', apiKeySecretRef: { name: 's' } }, []],
  ['no credentials', {}, ['spec: must have exactly one of apiKeySecretRef and oauthClientSecretRef']],
  [
    'headscale without an address',
    { kind: 'headscale', apiKeySecretRef: { name: 's' } },
    ['spec: headscale needs apiURL and apiKeySecretRef'],
  ],
  [
    'a path in the address',
    { apiURL: 'https://hs.example.com/api', apiKeySecretRef: { name: 's' } },
    ['spec.apiURL is "https://hs.example.com/api": it must be an origin such as https://headscale.example.com'],
  ],
])('a TailscaleTailnet with %s', (_what, spec, details) => {
  const { tailnet, findings } = tailnetFromResource({ spec });
  expect(findings.map(({ detail }) => detail)).toEqual(details);
  expect(tailnet === undefined).toBe(details.length > 0);
});

test('a version of a resource that nobody knows is a fault, not another kind', () => {
  const text = 'apiVersion: gateway.tailscale.com/v2\nkind: TailscaleEndpoints\nmetadata: {name: a}\n';
  expect(parseResourceFile(text, 'f.yaml').faults).toEqual([
    { place: 'f.yaml:1:1', detail: 'apiVersion must be gateway.tailscale.com/v1alpha1: there is no other one yet' },
  ]);
});

test('the API server and the functions know the same conditions of retries', () => {
  expect(retryConditions.filter((each) => !isRetryCondition(each))).toEqual([]);
  expect(isRetryCondition('other')).toBe(false);
});

test.each([
  [
    'an expression that Envoy refuses',
    { headers: [{ name: 'x', regularExpression: '(?=a)' }] },
    /^spec.headers\[0\].regularExpression /,
  ],
  ['dots in the prefix', { pathPrefix: '/a/../b/' }, /^spec.pathPrefix is .*: it must not hold/],
  ['a label that is too long', { hostnames: [`${'x'.repeat(64)}.example.com`] }, /^spec.hostnames\[0\] /],
])('a policy with %s is refused', (_what, spec, detail) => {
  const { policy, findings } = policyFromResource(resource({ targetRefs: [{ kind: 'Gateway', name: 'eg' }], ...spec }));
  expect(policy).toBeUndefined();
  expect(findings.map((finding) => finding.detail)).toEqual([expect.stringMatching(detail)]);
});

const duration = fc.constantFrom('1ms', '10s', '99999h99999h99999h99999h');
const optional = <T>(values: Record<string, fc.Arbitrary<T>>) => fc.record(values, { requiredKeys: [] });
const tags = fc.uniqueArray(fc.constantFrom('tag:a', 'tag:weight-3', `tag:${'x'.repeat(252)}`), { minLength: 1 });
const upstream = fc.oneof(
  fc.record({ externalTarget: fc.constantFrom('a', 'a:1', '[::1]:65535', `${'x.'.repeat(126)}x`) }),
  fc.record({ tailscaleIP: fc.constantFrom('100.64.0.1', 'fd7a::1') }),
  fc.record({ tailscaleFQDN: fc.constantFrom('web', 'Web.tail1.ts.net.') }),
  fc.record({ selector: fc.record({ tags }) }),
);
const validEndpoint = fc
  .tuple(
    fc.record({ name: fc.constantFrom('a', 'x'.repeat(63)), port: fc.constantFrom(1, 65535) }),
    upstream,
    optional<unknown>({
      protocol: fc.constantFrom('HTTP', 'HTTPS', 'TCP', 'UDP'),
      tags,
      weight: fc.constantFrom(1, 100),
      healthCheck: optional<unknown>({
        enabled: fc.boolean(),
        path: fc.constantFrom('/', `/${'x'.repeat(1023)}`),
        interval: duration,
      }),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as object);
const validPolicy = fc
  .tuple(
    fc.record({ targetRefs: fc.constant([{ kind: 'Gateway', name: 'eg', sectionName: 'http' }]) }),
    optional<unknown>({
      endpoints: fc.constant([{ resource: 'r' }, { resource: 'r', endpoint: 'e' }]),
      pathPrefix: fc.constantFrom('/', "/a/b~!$&'()*+,;=:@-/"),
      hostnames: fc.constant(['*', '*.example.com']),
      headers: fc.constant([
        { name: 'x-a', exact: 'a b' },
        { name: 'X', regularExpression: '^a.*' },
      ]),
      timeouts: optional<unknown>({ request: fc.constantFrom('0s', '1m'), idle: duration }),
      retry: optional<unknown>({
        attempts: fc.constantFrom(0, 100),
        retryOn: fc.constantFrom(...retryConditions),
        perTryTimeout: duration,
      }),
      loadBalancing: fc.constantFrom({}, { policy: 'Maglev', hashHeader: 'x' }, { panicThreshold: 0, slowStart: '1s' }),
      outlierDetection: optional<unknown>({
        enabled: fc.boolean(),
        consecutive5xx: fc.constantFrom(1, 10_000),
        interval: duration,
      }),
      circuitBreakers: fc.constantFrom({}, { maxRequests: 4_294_967_295, maxRetries: 0 }),
      connectTimeout: duration,
      upstreamHTTP: fc.constantFrom('HTTP1', 'HTTP2'),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as object);

test('what is converted keeps the rules of the functions', () => {
  const validator = createValidator();
  fc.assert(
    fc.property(validEndpoint, validPolicy, (endpoint, spec) => {
      const { endpoints } = convert({ endpoints: [endpoint] });
      expect(endpoints.map((each) => validator.validate(ServiceEndpointSchema, each).kind)).toEqual(['valid']);
      expect(endpoints.flatMap(findEndpointViolations)).toEqual([]);
      const { policy, findings } = policyFromResource(resource(spec));
      expect(findings).toEqual([]);
      expect(policy && validator.validate(RoutePolicySchema, policy).kind).toBe('valid');
    }),
    { numRuns: 300 },
  );
});
