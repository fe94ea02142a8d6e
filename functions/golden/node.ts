import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import { parse, stringify } from 'yaml';
import { StdoutAccessLogSchema } from '../../proto/gen/envoy/extensions/access_loggers/stream/v3/stream_pb.ts';
import { RouterSchema } from '../../proto/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { HttpConnectionManagerSchema } from '../../proto/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';

/** One case of a golden corpus: a request, and the response that a person has reviewed. */
export interface GoldenCase<Input extends DescMessage> {
  readonly name: string;
  readonly request: MessageShape<Input>;
  readonly outputFile: string;
}

/** What stands in an `Any` of a response. */
const registry = createRegistry(HttpConnectionManagerSchema, RouterSchema, StdoutAccessLogSchema);

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

/** Writes a message for people to review. */
export function formatGolden<Output extends DescMessage>(schema: Output, message: MessageShape<Output>): string {
  return stringify(toJson(schema, message, { registry }), { lineWidth: 120, aliasDuplicateObjects: false });
}
