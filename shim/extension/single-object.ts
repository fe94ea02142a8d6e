import { createWireReader } from '../grpc/wire-reader.ts';
import { partsToBody, type ResponseBody } from './response-body.ts';
import { encodeFieldHeader } from './wire-field.ts';

/** All hooks but PostTranslateModify have one object in field 1 of request and response, and a context in field 2. */
export interface SingleObject {
  /** Undefined: the request has none, which Envoy Gateway never sends. */
  readonly object: Buffer | undefined;
  readonly context: Buffer;
}

const fields = { object: 1, context: 2 } as const;

/** Cuts a request into object and context, decoding neither. */
export function readSingleObject(request: Buffer): SingleObject {
  const reader = createWireReader(request);
  const objects: Buffer[] = [];
  const contexts: Buffer[] = [];
  while (reader.next()) {
    if (reader.field === fields.object) objects.push(reader.bytes());
    else if (reader.field === fields.context) contexts.push(reader.bytes());
    else reader.skip();
  }
  return { object: objects.length === 0 ? undefined : join(objects), context: join(contexts) };
}

/** A response with the object that `parts` are in a row. */
export function singleObjectToBody(parts: readonly Uint8Array[]): ResponseBody {
  let length = 0;
  for (const part of parts) length += part.length;
  return partsToBody([encodeFieldHeader(fields.object, length), ...parts]);
}

/** The object as it came. */
export function passSingleObject(request: Buffer): ResponseBody {
  const { object } = readSingleObject(request);
  return object === undefined ? partsToBody([]) : singleObjectToBody([object]);
}

/** Messages in a row are their sum. */
function join(parts: readonly Buffer[]): Buffer {
  const [first = Buffer.alloc(0)] = parts;
  return parts.length > 1 ? Buffer.concat(parts) : first;
}
