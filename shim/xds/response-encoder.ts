import { encodeFrame } from '../grpc/frame.ts';
import type { XdsVariant } from './observer.ts';
import type { CachedResource } from './resource-cache.ts';
import { digestToVersion } from './subscription.ts';
import type { SubscriptionResponse } from './subscription.ts';

/** A response as it goes over the wire, to be shared by every stream that is owed the same. */
interface EncodedResponse {
  readonly bytes: Buffer;
  /** `sequence` as text: unique in the process, so unique on every stream. */
  readonly nonce: string;
  readonly sequence: number;
  readonly version: string;
  /** How many resources it carries. */
  readonly resources: number;
}

/** Encodes responses, each once. */
export interface ResponseEncoder {
  /** The encoded `response`, with a sequence number above `after`: a stream never gets the same nonce twice. */
  encode(variant: XdsVariant, response: SubscriptionResponse, after: number): EncodedResponse;
}

/** How much of what was encoded is kept for streams that ask for the same later. */
const maxCachedBytes = 16 * 1024 * 1024;
const maxCachedResponses = 4096;

/**
 * An encoder. The nonce is part of the encoded bytes, so it counts encoded responses, not those of a stream: all streams
 * that are sent equal content are sent the same bytes, and one that needs the same content again gets it under a new number,
 * which then serves the others too.
 */
export function createResponseEncoder(): ResponseEncoder {
  const wrapped = new WeakMap<CachedResource, Buffer>();
  // In order of use, so that what goes first was not used for longest.
  const cache = new Map<string, EncodedResponse>();
  let cachedBytes = 0;
  let last: { variant: XdsVariant; response: SubscriptionResponse; encoded: EncodedResponse } | undefined;
  let sequence = 0;

  function wrap(resource: CachedResource): Buffer {
    let bytes = wrapped.get(resource);
    if (bytes === undefined) wrapped.set(resource, (bytes = wrapAsAny(resource)));
    return bytes;
  }

  function encodeNew(variant: XdsVariant, response: SubscriptionResponse): EncodedResponse {
    sequence += 1;
    const nonce = sequence.toString();
    const version = digestToVersion(response.digest);
    const resources = response.resources();
    const bodies = resources.map(wrap);
    // Both messages: 1 version_info, 2 resources, 4 type_url, 5 nonce.
    const header = [textField(1, version), textField(4, response.typeUrl), textField(5, nonce)];
    const parts = [...header, ...(variant === 'sotw' ? bodies : deltaParts(response, resources, bodies))];
    return { bytes: encodeFrame(parts), nonce, sequence, version, resources: resources.length };
  }

  function forget(key: string, encoded: EncodedResponse): void {
    cache.delete(key);
    cachedBytes -= encoded.bytes.length;
  }

  function lookUp(variant: XdsVariant, response: SubscriptionResponse, after: number): EncodedResponse {
    const { typeUrl, digest, content, removed } = response;
    const key = `${variant} ${typeUrl} ${digest} ${content} ${removed.join('\0')}`;
    const cached = cache.get(key);
    if (cached !== undefined) forget(key, cached);
    const encoded = cached !== undefined && cached.sequence > after ? cached : encodeNew(variant, response);
    cache.set(key, encoded);
    cachedBytes += encoded.bytes.length;
    while (cachedBytes > maxCachedBytes || cache.size > maxCachedResponses) {
      const oldest = cache.entries().next();
      if (oldest.done === true) break;
      forget(...oldest.value);
    }
    return encoded;
  }

  return {
    encode(variant, response, after) {
      // Nearly always the whole of a publish is one response for all streams: no need to look for it each time.
      if (last !== undefined && last.variant === variant && last.encoded.sequence > after) {
        if (isSameContent(last.response, response)) return last.encoded;
      }
      const encoded = lookUp(variant, response, after);
      last = { variant, response, encoded };
      return encoded;
    },
  };
}

function isSameContent(a: SubscriptionResponse, b: SubscriptionResponse): boolean {
  return (
    a.digest === b.digest &&
    a.content === b.content &&
    a.typeUrl === b.typeUrl &&
    a.removed.length === b.removed.length &&
    a.removed.every((name, index) => name === b.removed[index])
  );
}

/** The resources and removals of a `DeltaDiscoveryResponse`: 2 resources, 6 removed_resources. */
function deltaParts(
  response: SubscriptionResponse,
  resources: readonly CachedResource[],
  bodies: readonly Buffer[],
): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const [index, { name, version }] of resources.entries()) {
    // `Resource`: 1 version, 2 resource (the wrapped body has this very tag), 3 name.
    const body = bodies[index] ?? Buffer.alloc(0);
    const fields = Buffer.concat([textField(1, version), textField(3, name)]);
    parts.push(fieldHeader(2, fields.length + body.length), fields, body);
  }
  for (const name of response.removed) parts.push(textField(6, name));
  return parts;
}

/** A resource as an `Any` (1 type_url, 2 value) in field 2, which both variants put it into. */
function wrapAsAny(resource: CachedResource): Buffer {
  const typeUrl = textField(1, resource.typeUrl);
  const valueHeader = fieldHeader(2, resource.body.length);
  const header = fieldHeader(2, typeUrl.length + valueHeader.length + resource.body.length);
  return Buffer.concat([header, typeUrl, valueHeader, resource.body]);
}

function textField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([fieldHeader(field, bytes.length), bytes]);
}

/** Tag and length of a length-delimited field with a number below 16. */
function fieldHeader(field: number, length: number): Buffer {
  const bytes = [(field << 3) | 2];
  let rest = length;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
