import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { parse, stringify } from 'yaml';

/** One case of a golden corpus: a request, and the response that a person has reviewed. */
export interface GoldenCase<Input extends DescMessage> {
  readonly name: string;
  readonly request: MessageShape<Input>;
  readonly outputFile: string;
}

/** Reads all cases of a folder: `<name>.in.yaml` beside `<name>.out.yaml`. */
export function readGoldenCases<Input extends DescMessage>(folder: string, schema: Input): GoldenCase<Input>[] {
  const inputs = readdirSync(folder).filter((file) => file.endsWith('.in.yaml'));
  return inputs.toSorted().map((file) => {
    const name = basename(file, '.in.yaml');
    const request = fromJson(schema, parse(readFileSync(join(folder, file), 'utf8')) as JsonValue);
    return { name, request, outputFile: join(folder, `${name}.out.yaml`) };
  });
}

/** The reviewed response of a case as YAML; with `UPDATE_GOLDEN=1` it is replaced by `actual` first. */
export function readGoldenOutput({ outputFile }: GoldenCase<DescMessage>, actual: string): string {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(outputFile, actual);
  }
  return readFileSync(outputFile, 'utf8');
}

/**
 * Writes a message for people to review.
 *
 * @param registry the types that stand in an `Any`
 */
export function formatGolden<Output extends DescMessage>(
  schema: Output,
  message: MessageShape<Output>,
  registry?: Registry,
): string {
  const json = toJson(schema, message, registry === undefined ? {} : { registry });
  return stringify(json, { lineWidth: 120, aliasDuplicateObjects: false });
}
