import { fromBinary } from '@bufbuild/protobuf';
import { StructSchema, type Struct, type Value } from '@bufbuild/protobuf/wkt';

import { readField, readFields } from './wire-field.ts';

/** The object of the Gateway API that Envoy Gateway made a resource of. */
export interface ResourceIdentity {
  /** Empty for gateways that come from files. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Listener of a Gateway, rule of a route. */
  readonly sectionName: string;
}

/**
 * Reads `filter_metadata["envoy-gateway"].resources[0]` of an `envoy.config.core.v3.Metadata`, as Envoy Gateway writes it;
 * undefined where it is not there.
 */
export function readResourceIdentity(metadata: Buffer | undefined): ResourceIdentity | undefined {
  if (metadata === undefined) return undefined;
  const entry = readFields(metadata, 1).find((bytes) => readField(bytes, 1)?.toString() === 'envoy-gateway');
  const content = entry && readField(entry, 2);
  if (content === undefined) return undefined;
  const resources = fromBinary(StructSchema, content).fields['resources']?.kind;
  const [resource] = resources?.case === 'listValue' ? resources.value.values : [];
  if (resource?.kind.case !== 'structValue') return undefined;
  const { fields } = resource.kind.value;
  return {
    kind: text(fields, 'kind'),
    namespace: text(fields, 'namespace'),
    name: text(fields, 'name'),
    sectionName: text(fields, 'sectionName'),
  };
}

function text(fields: Struct['fields'], name: string): string {
  const kind: Value['kind'] | undefined = fields[name]?.kind;
  return kind?.case === 'stringValue' ? kind.value : '';
}
