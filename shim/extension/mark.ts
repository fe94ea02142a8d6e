import { encodeField, readFields } from './wire-field.ts';

/** Where Envoy's messages have their `envoy.config.core.v3.Metadata`. */
export const metadataFields = { route: 4, virtualHost: 24, cluster: 25 } as const;

/** Resources with a metadata field. */
export type MarkedKind = keyof typeof metadataFields;

const mark = 'tailway';

/**
 * What makes a resource recognisable as injected by Tailway, as bytes to append to it: `filter_metadata["tailway"]`, empty.
 * So an object that has been through a hook before, of this replica or of another, gets nothing twice.
 */
export function encodeMark(kind: MarkedKind): Buffer {
  return marks[kind];
}

/** Whether a resource was injected by Tailway. */
export function isMarked(kind: MarkedKind, resource: Buffer): boolean {
  return readFields(resource, metadataFields[kind])
    .flatMap((metadata) => readFields(metadata, 1))
    .some((entry) => readFields(entry, 1).at(-1)?.toString() === mark);
}

const entry = Buffer.concat([encodeField(1, Buffer.from(mark)), encodeField(2, Buffer.alloc(0))]);
const marks: Readonly<Record<MarkedKind, Buffer>> = {
  route: encodeField(metadataFields.route, encodeField(1, entry)),
  virtualHost: encodeField(metadataFields.virtualHost, encodeField(1, entry)),
  cluster: encodeField(metadataFields.cluster, encodeField(1, entry)),
};
