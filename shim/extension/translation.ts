import { createWireReader } from '../grpc/wire-reader.ts';
import { partsToBody, type ResponseBody } from './response-body.ts';
import { encodeFieldHeader } from './wire-field.ts';

/** Field numbers of the resources in PostTranslateModifyResponse. Those of the request are one higher. */
export const translationFields = { clusters: 1, secrets: 2, listeners: 3, routes: 4 } as const;

/** One of {@link translationFields}. */
export type TranslationField = (typeof translationFields)[keyof typeof translationFields];

/**
 * Looks at a resource: its field, and where its content is in the request. Answers with the bytes that replace it, or
 * undefined: it stays as it is.
 */
export type ReplaceResource = (field: TranslationField, from: number, to: number) => readonly Uint8Array[] | undefined;

/** A request that has been gone through. */
export interface RewrittenTranslation {
  /** Whether something was replaced. */
  readonly changed: boolean;
  /** The response, with `appended` behind the clusters that are there. */
  toBody(appended: readonly Uint8Array[]): ResponseBody;
}

/**
 * Turns a PostTranslateModifyRequest into the response. What stays is not copied: the response is made of the request's own
 * bytes, in which the tags of fields are changed once the response is sent. So the request can't be read again after
 * that, and one of 1000 MiB is there once.
 */
export function rewriteTranslation(request: Buffer, replace: ReplaceResource): RewrittenTranslation {
  const reader = createWireReader(request);
  const tags = createPositions();
  const parts: Uint8Array[] = [];
  let runStart = 0;
  let changed = false;

  while (reader.next()) {
    const { start } = reader;
    const field = resourceField(reader.field);
    const isPlain = field !== undefined && request[start] === reader.field * 8 + 2;
    // A tag that is written in more bytes than it needs is legal, and its field is written anew. Throws where it is no
    // tag of a length-delimited field, as all resources are.
    const odd = isPlain || field === undefined ? undefined : reader.bytes();
    if (odd === undefined) reader.skip();
    const { position: end } = reader;
    const replaced = field && replace(field, odd === undefined ? contentStart(request, start) : end - odd.length, end);
    if (isPlain && replaced === undefined) {
      tags.push(start);
      continue;
    }
    if (start > runStart) parts.push(request.subarray(runStart, start));
    runStart = end;
    if (field !== undefined)
      parts.push(...toRecord(field, replaced ?? [request.subarray(end - (odd?.length ?? 0), end)]));
    changed ||= replaced !== undefined;
  }
  if (request.length > runStart) parts.push(request.subarray(runStart));

  let isRetagged = false;
  return {
    changed,
    toBody(appended) {
      const added = appended.flatMap((body) => toRecord(translationFields.clusters, [body]));
      const body = partsToBody([...parts, ...added]);
      return {
        byteLength: body.byteLength,
        parts() {
          if (!isRetagged) tags.each((position) => (request[position] = (request[position] ?? 0) - 8));
          isRetagged = true;
          return body.parts();
        },
      };
    },
  };
}

/** The number in the response of a field of the request; undefined for the context, and for fields of later versions. */
function resourceField(requestField: number): TranslationField | undefined {
  const field = requestField - 1;
  return field === 1 || field === 2 || field === 3 || field === 4 ? field : undefined;
}

/** Behind a tag of one byte and the length. */
function contentStart(request: Buffer, start: number): number {
  let position = start + 1;
  while ((request[position] ?? 0) >= 0x80) position += 1;
  return position + 1;
}

function toRecord(field: TranslationField, content: readonly Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return [encodeFieldHeader(field, length), ...content];
}

/** A list of positions in a message, four bytes each: there may be millions. */
function createPositions() {
  let positions = new Uint32Array(1024);
  let count = 0;
  return {
    push(position: number) {
      if (count === positions.length) {
        const grown = new Uint32Array(2 * count);
        grown.set(positions);
        positions = grown;
      }
      positions[count] = position;
      count += 1;
    },
    each(visit: (position: number) => void) {
      for (let index = 0; index < count; index++) visit(positions[index] ?? 0);
    },
  };
}
