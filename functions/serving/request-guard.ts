import { type DescMessage } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import {
  type AsyncIterableTransform,
  type Compression,
  type EnvelopedMessage,
  pipe,
  readAllBytes,
  transformDecompressEnvelope,
  transformJoinEnvelopes,
  transformSplitEnvelope,
  type UniversalHandler,
  type UniversalServerRequest,
} from '@connectrpc/connect/protocol';
import { checkBinaryItems } from './binary-items.ts';
import { createItemCount } from './item-count.ts';
import { checkJsonItems } from './json-items.ts';
import { maxProbeBytes, maxRequestBytes } from './limits.ts';

type Body = AsyncIterable<Uint8Array>;

/** Content types of Connect's unary calls, whose body is the message alone: all others have envelopes. */
const unaryType = /^application\/(?:json|proto)(?:;|$)/i;

/**
 * Puts a check before a method: its requests are counted while they are still bytes, after decompression and before
 * decoding, in every protocol. Rules of the protos are checked on decoded messages, which is too late for a few kilobytes
 * that would become gigabytes. A refusal comes out of the body, where the method's protocol finds and writes it.
 *
 * @param compressions what the method's own router accepts
 */
export function guardRequests(handler: UniversalHandler, compressions: readonly Compression[]): UniversalHandler {
  const limits = { compressions, maxBytes: isProbe(handler) ? maxProbeBytes : maxRequestBytes };
  const guarded = (request: UniversalServerRequest) =>
    handler(guardRequest(handler.method.input, limits, toPost(request, handler)));
  const { protocolNames, service, method, requestPath, allowedMethods, supportedContentType } = handler;
  return Object.assign(guarded, {
    protocolNames,
    service,
    method,
    requestPath,
    allowedMethods,
    supportedContentType,
  });
}

/** Health and reflection. */
function isProbe({ service }: UniversalHandler): boolean {
  return service.typeName.startsWith('grpc.');
}

interface Limits {
  readonly compressions: readonly Compression[];
  readonly maxBytes: number;
}

function guardRequest(
  schema: DescMessage,
  { compressions, maxBytes }: Limits,
  request: UniversalServerRequest,
): UniversalServerRequest {
  const { body, header } = request;
  if (!isStream(body)) {
    return request;
  }
  const type = header.get('content-type') ?? '';
  const check = (bytes: Uint8Array) =>
    (/json/i.test(type) ? checkJsonItems : checkBinaryItems)(schema, bytes, createItemCount());
  if (unaryType.test(type)) {
    const encoding = header.get('content-encoding') ?? 'identity';
    const compression = findCompression(compressions, encoding);
    if (compression === undefined && encoding !== 'identity') {
      return request;
    }
    const length = header.get('content-length');
    return {
      ...request,
      header: withoutEncoding(header),
      body: readUnary(body, { length, compression, maxBytes, check }),
    };
  }
  const encoding = header.get('grpc-encoding') ?? header.get('connect-content-encoding') ?? 'identity';
  const checked = pipe(
    body,
    transformSplitEnvelope(maxBytes),
    transformDecompressEnvelope(findCompression(compressions, encoding) ?? null, maxBytes),
    checkEnvelopes(check),
    transformJoinEnvelopes(),
  );
  return { ...request, body: checked };
}

async function* readUnary(
  body: Body,
  options: {
    readonly length: string | null;
    readonly compression: Compression | undefined;
    readonly maxBytes: number;
    readonly check: (bytes: Uint8Array) => void;
  },
): Body {
  const { length, compression, maxBytes, check } = options;
  const read = await readAllBytes(body, maxBytes, length);
  const bytes = compression === undefined ? read : await compression.decompress(read, maxBytes);
  check(bytes);
  yield bytes;
}

function checkEnvelopes(
  check: (bytes: Uint8Array) => void,
): AsyncIterableTransform<EnvelopedMessage, EnvelopedMessage> {
  return async function* (envelopes) {
    for await (const envelope of envelopes) {
      check(envelope.data);
      yield envelope;
    }
  };
}

/** Brings a GET with a message in its query, compressed or not, to the POST that says the same. */
function toPost(request: UniversalServerRequest, { allowedMethods }: UniversalHandler): UniversalServerRequest {
  if (request.method !== 'GET' || !allowedMethods.includes('GET')) {
    return request;
  }
  const query = new URL(request.url).searchParams;
  const encoding = query.get('encoding');
  if (encoding !== 'proto' && encoding !== 'json') {
    return request;
  }
  const header = new Headers(request.header);
  header.set('content-type', `application/${encoding}`);
  header.set('content-encoding', query.get('compression') ?? 'identity');
  header.delete('content-length');
  return { ...request, method: 'POST', header, body: readQuery(query) };
}

async function* readQuery(query: URLSearchParams): Body {
  const message = query.get('message') ?? '';
  yield query.get('base64') === '1' ? base64Decode(message) : new TextEncoder().encode(message);
}

/** What is decompressed already; the answer is still compressed as the request was when nothing else is said. */
function withoutEncoding(header: Headers): Headers {
  const changed = new Headers(header);
  const encoding = header.get('content-encoding');
  if (encoding !== null && !header.has('accept-encoding')) {
    changed.set('accept-encoding', encoding);
  }
  changed.delete('content-encoding');
  changed.delete('content-length');
  return changed;
}

function findCompression(compressions: readonly Compression[], name: string): Compression | undefined {
  return compressions.find((compression) => compression.name === name);
}

function isStream(body: UniversalServerRequest['body']): body is Body {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
