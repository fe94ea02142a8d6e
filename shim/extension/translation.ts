import { createWireReader } from '../xds/wire-reader.ts';
import type { ResponseBody } from './response-body.ts';
import { encodeFieldHeader } from './wire-field.ts';

/** Field numbers of the resources in PostTranslateModifyResponse. Those of the request are one higher. */
export const translationFields = { clusters: 1, secrets: 2, listeners: 3, routes: 4 } as const;

/** One of {@link translationFields}. */
export type TranslationField = (typeof translationFields)[keyof typeof translationFields];

/** A change of a translation: all that is not in it stays as it is. */
export interface TranslationChange {
  /** New bytes of resources, by where they start in the request. */
  readonly replaced: ReadonlyMap<number, readonly Uint8Array[]>;
  /** Clusters that come after those that are there. */
  readonly appended: readonly Uint8Array[];
}

/** A resource of a request. */
export interface TranslationResource {
  readonly field: TranslationField;
  /** Where its field starts. */
  readonly start: number;
  readonly body: Buffer;
}

/** Goes through the resources of a PostTranslateModifyRequest, in order. */
export function* readTranslation(request: Buffer): Iterable<TranslationResource> {
  const reader = createWireReader(request);
  while (reader.next()) {
    const { start } = reader;
    const field = resourceField(reader.field);
    if (field === undefined) reader.skip();
    else yield { field, start, body: reader.bytes() };
  }
}

/**
 * The response to a translation. Each resource goes from the request's bytes to the connection's in chunks that are made as
 * they are sent: a request of 1000 MiB is not there twice.
 */
export function translationToBody(request: Buffer, { replaced, appended }: TranslationChange): ResponseBody {
  let byteLength = 0;
  for (const { start, body, field } of readTranslation(request)) {
    byteLength += fieldLength(field, replaced.get(start)?.reduce((sum, part) => sum + part.length, 0) ?? body.length);
  }
  for (const body of appended) byteLength += fieldLength(translationFields.clusters, body.length);

  function* parts(): Iterable<Uint8Array> {
    for (const { start, body, field } of readTranslation(request)) {
      const change = replaced.get(start);
      if (change === undefined) {
        yield encodeFieldHeader(field, body.length);
        yield body;
      } else {
        yield encodeFieldHeader(
          field,
          change.reduce((sum, part) => sum + part.length, 0),
        );
        yield* change;
      }
    }
    for (const body of appended) {
      yield encodeFieldHeader(translationFields.clusters, body.length);
      yield body;
    }
  }

  return { byteLength, parts };
}

function resourceField(requestField: number): TranslationField | undefined {
  const field = requestField - 1;
  return field === 1 || field === 2 || field === 3 || field === 4 ? field : undefined;
}

function fieldLength(field: number, contentLength: number): number {
  return encodeFieldHeader(field, contentLength).length + contentLength;
}
