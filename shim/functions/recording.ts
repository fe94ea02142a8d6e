import { type DescMessage, fromJson, type JsonValue, type Message, toJson } from '@bufbuild/protobuf';
import { z } from 'zod';
import { schemaVersion } from '../../functions/serving/schema-version.ts';
import { callableFunctions, isFunctionName } from './callable-functions.ts';
import type { FunctionName, Place } from './functions-client.ts';

/** A call of a function as it was: what went in, what came out, where it ran. Inputs hold no secrets. */
export interface Recording {
  readonly function: FunctionName;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly place: Place;
  readonly request: Message;
  readonly answer: Message;
}

const format = z.object({
  format: z.literal('tailway-recording'),
  version: z.literal(1),
  function: z.string().refine(isFunctionName, 'there is no such function'),
  recordedAt: z.iso.datetime(),
  place: z.enum(['in-process', 'remote', 'fallback']),
  schemaVersion: z.int(),
  request: z.unknown(),
  answer: z.unknown(),
});

/** Writes a recording as JSON that people can read. */
export function encodeRecording(recording: Recording): string {
  const { method, anyTypes } = callableFunctions[recording.function];
  const options = anyTypes === undefined ? {} : { registry: anyTypes };
  const file: z.infer<typeof format> = {
    format: 'tailway-recording',
    version: 1,
    function: recording.function,
    recordedAt: new Date(recording.atMs).toISOString(),
    place: recording.place,
    schemaVersion,
    request: toJson(method.input, recording.request, options),
    answer: toJson(method.output, recording.answer, options),
  };
  return `${JSON.stringify(file)}\n`;
}

/** Reads a recording; a string says why it is none. Fields of another release that are unknown here are left out. */
export function decodeRecording(text: string): Recording | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  const parsed = format.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `it is no recording: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  }
  const { function: name, recordedAt, place, request, answer } = parsed.data;
  const { method, anyTypes } = callableFunctions[name];
  const read = (schema: DescMessage, value: unknown): Message =>
    fromJson(schema, value as JsonValue, {
      ignoreUnknownFields: true,
      ...(anyTypes === undefined ? {} : { registry: anyTypes }),
    });
  try {
    const atMs = Date.parse(recordedAt);
    return { function: name, atMs, place, request: read(method.input, request), answer: read(method.output, answer) };
  } catch (err) {
    return `its messages cannot be read: ${err instanceof Error ? err.message : String(err)}`;
  }
}
