import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { createResourceCache } from './resource-cache.ts';
import type { CachedResource } from './resource-cache.ts';
import { createResource, typeUrls } from './resource.ts';
import { createResponseEncoder } from './response-encoder.ts';
import type { SubscriptionResponse } from './subscription.ts';

const typeUrl = typeUrls.endpoint;

function cached(name: string, body: Uint8Array): CachedResource {
  const cache = createResourceCache();
  cache.apply([{ kind: 'set', resource: createResource(typeUrl, name, body) }]);
  const resource = cache.view(typeUrl).get(name);
  if (resource === undefined) throw new Error('resource is not there');
  return resource;
}

const one = cached('one', Buffer.from('1'));
const large = cached('größer', Buffer.alloc(300, 7));

function response(resources: readonly CachedResource[], removed: readonly string[] = []): SubscriptionResponse {
  const content = resources.reduce((sum, { digest }) => sum + digest, 0n);
  return { typeUrl, digest: 255n, content, resources: () => resources, changed: resources, removed };
}

const version = '000000000000000000000000000000ff';

test('writes what the generated types read, state of the world', () => {
  const { bytes, nonce, resources } = createResponseEncoder().encode('sotw', response([one, large]), 0);
  expect(bytes.readUInt32BE(1)).toBe(bytes.length - 5);
  expect(fromBinary(DiscoveryResponseSchema, Uint8Array.from(bytes.subarray(5)))).toMatchObject({
    versionInfo: version,
    typeUrl,
    nonce,
    resources: [
      { typeUrl, value: new Uint8Array(one.body) },
      { typeUrl, value: new Uint8Array(large.body) },
    ],
  });
  expect(resources).toBe(2);
});

test('writes what the generated types read, incremental', () => {
  const { bytes, nonce } = createResponseEncoder().encode('delta', response([one, large], ['gone', 'weg']), 0);
  expect(fromBinary(DeltaDiscoveryResponseSchema, Uint8Array.from(bytes.subarray(5)))).toMatchObject({
    systemVersionInfo: version,
    typeUrl,
    nonce,
    resources: [
      { name: 'one', version: one.version, resource: { typeUrl, value: new Uint8Array(one.body) } },
      { name: 'größer', version: large.version, resource: { typeUrl, value: new Uint8Array(large.body) } },
    ],
    removedResources: ['gone', 'weg'],
  });
});

test('encodes equal content once, until a stream has had it', () => {
  const encoder = createResponseEncoder();
  const first = encoder.encode('sotw', response([one]), 0);
  const other = encoder.encode('sotw', response([large]), 0);
  expect(encoder.encode('sotw', response([one]), 0)).toBe(first);
  expect(other.sequence).toBeGreaterThan(first.sequence);
  const again = encoder.encode('sotw', response([one]), other.sequence);
  expect(again.sequence).toBeGreaterThan(other.sequence);
  expect(again.nonce).not.toBe(first.nonce);
  expect(encoder.encode('sotw', response([one]), 0)).toBe(again);
});

test.each<[string, SubscriptionResponse, SubscriptionResponse]>([
  ['other resources', response([one]), response([large])],
  ['other removals', response([one], ['a']), response([one], ['b'])],
  ['another type', response([one]), { ...response([one]), typeUrl: typeUrls.cluster }],
  ['another version', response([one]), { ...response([one]), digest: 254n }],
])('takes different content for different: %s', (_, a, b) => {
  const encoder = createResponseEncoder();
  expect(encoder.encode('delta', a, 0)).not.toBe(encoder.encode('delta', b, 0));
});

test('forgets what was not used for longest', () => {
  const encoder = createResponseEncoder();
  const big = Array.from({ length: 5 }, (_, index) => cached(`${index}`, Buffer.alloc(5 * 1024 * 1024)));
  const encoded = big.map((resource) => encoder.encode('sotw', response([resource]), 0));
  expect(encoder.encode('sotw', response(big.slice(3, 4)), 0)).toBe(encoded[3]);
  expect(encoder.encode('sotw', response(big.slice(0, 1)), 0)).not.toBe(encoded[0]);
});
