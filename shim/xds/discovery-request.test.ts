import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { decodeDeltaRequest, decodeSotwRequest } from './discovery-request.ts';
import type { PreviousLists } from './discovery-request.ts';
import { createNewestNameLists } from './name-list.ts';
import { typeUrls } from './resource.ts';

const nothing: PreviousLists = new Map();

function decodeSotw(message: Buffer, previous: PreviousLists, newest = createNewestNameLists()) {
  return decodeSotwRequest(message, previous, newest);
}

function encodeSotw(request: MessageInitShape<typeof DiscoveryRequestSchema>): Buffer {
  return Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)));
}

function encodeDelta(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): Buffer {
  return Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 });

test('reads of a DiscoveryRequest what the generated types wrote', () => {
  const request = fc.record({
    versionInfo: text,
    typeUrl: text,
    responseNonce: text,
    resourceNames: fc.array(text),
    node: fc.option(fc.record({ id: text, cluster: text, userAgentName: text }), { nil: undefined }),
    errorDetail: fc.option(fc.record({ code: fc.integer({ min: -5, max: 99 }), message: text }), { nil: undefined }),
  });
  fc.assert(
    fc.property(request, ({ node, errorDetail, ...rest }) => {
      const message = { ...rest, ...(node && { node }), ...(errorDetail && { errorDetail }) };
      const decoded = decodeSotw(encodeSotw(message), nothing);
      expect(decoded.typeUrl).toBe(rest.typeUrl);
      expect(decoded.nodeId).toBe(node?.id);
      expect(decoded.request).toEqual({
        names: rest.resourceNames,
        nonce: rest.responseNonce,
        error: errorDetail?.message,
      });
    }),
  );
});

test('reads of a DeltaDiscoveryRequest what the generated types wrote', () => {
  const request = fc.record({
    typeUrl: text,
    responseNonce: text,
    resourceNamesSubscribe: fc.array(text),
    resourceNamesUnsubscribe: fc.array(text),
    initialResourceVersions: fc.dictionary(text, text),
    node: fc.option(fc.record({ id: text }), { nil: undefined }),
    errorDetail: fc.option(fc.record({ message: text }), { nil: undefined }),
  });
  fc.assert(
    fc.property(request, ({ node, errorDetail, ...rest }) => {
      const message = { ...rest, ...(node && { node }), ...(errorDetail && { errorDetail }) };
      const decoded = decodeDeltaRequest(encodeDelta(message));
      expect(decoded.typeUrl).toBe(rest.typeUrl);
      expect(decoded.nodeId).toBe(node?.id);
      expect(decoded.request).toEqual({
        subscribe: rest.resourceNamesSubscribe,
        unsubscribe: rest.resourceNamesUnsubscribe,
        initialVersions: new Map(Object.entries(rest.initialResourceVersions)),
        nonce: rest.responseNonce,
        error: errorDetail?.message,
      });
    }),
  );
});

test('does not read a list again that has not changed', () => {
  const typeUrl = typeUrls.endpoint;
  const first = decodeSotw(encodeSotw({ typeUrl, resourceNames: ['a', 'b'] }), nothing);
  const previous = new Map([[typeUrl, first]]);
  const ack = decodeSotw(encodeSotw({ typeUrl, resourceNames: ['a', 'b'], responseNonce: '1' }), previous);
  expect(ack.request.names).toBe(first.request.names);
  const change = decodeSotw(encodeSotw({ typeUrl, resourceNames: ['a', 'c'], responseNonce: '1' }), previous);
  expect(change.request.names).toEqual(['a', 'c']);
  const other = decodeSotw(encodeSotw({ typeUrl: typeUrls.route, resourceNames: ['a', 'b'] }), previous);
  expect(other.list).not.toBe(first.list);
});

test('reads and keeps a list once that many clients send', () => {
  const newest = createNewestNameLists();
  const typeUrl = typeUrls.endpoint;
  const ask = (names: string[], type: string = typeUrl) =>
    decodeSotw(encodeSotw({ typeUrl: type, resourceNames: names }), nothing, newest).list;
  const first = ask(['a', 'b']);
  expect(ask(['a', 'b'])).toBe(first);
  expect(ask(['a', 'b'], typeUrls.route)).not.toBe(first);
  expect(ask(['a', 'c'])).toMatchObject({ names: ['a', 'c'] });
  expect(ask(['a', 'b'])).toEqual(first);
  const unserved = ask(['a'], 'unserved');
  expect(ask(['a'], 'unserved')).not.toBe(unserved);
});

test('reads names that do not stand together', () => {
  const bytes = Buffer.concat([
    encodeSotw({ resourceNames: ['a'] }),
    encodeSotw({ typeUrl: typeUrls.route }),
    encodeSotw({ resourceNames: ['b'], versionInfo: '1' }),
  ]);
  expect(decodeSotw(bytes, nothing)).toMatchObject({ typeUrl: typeUrls.route, request: { names: ['a', 'b'] } });
});

test.each<[string, Buffer]>([
  ['a tag without an end', Buffer.from([0xff])],
  ['a number of eleven bytes', Buffer.alloc(11, 0xff)],
  ['field 0', Buffer.from([0x02, 0x00])],
  ['a text that is longer than the message', Buffer.from([0x22, 0x7f, 0x41])],
  ['a text that is a number', Buffer.from([0x20, 0x01])],
  ['a group', Buffer.from([0x63, 0x64])],
  ['half a fixed number', Buffer.from([0x61, 0x00])],
])('refuses what is no message: %s', (_, bytes) => {
  expect(() => decodeSotw(bytes, nothing)).toThrow(RangeError);
  expect(() => decodeDeltaRequest(bytes)).toThrow(RangeError);
});

test('throws nothing but a RangeError for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const decode of [
        () => decodeSotw(Buffer.from(bytes), nothing),
        () => decodeDeltaRequest(Buffer.from(bytes)),
      ]) {
        try {
          decode();
        } catch (err) {
          if (!(err instanceof RangeError)) throw err;
        }
      }
    }),
  );
  expect(decodeSotw(Buffer.alloc(0), nothing).request.names).toEqual([]);
});
