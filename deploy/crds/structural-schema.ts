import { z } from 'zod';

/** A node of a structural schema. */
export type SchemaNode = Readonly<Record<string, unknown>>;

/**
 * The schema of a CustomResourceDefinition for what a zod schema lets in.
 *
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function toStructuralSchema(schema: z.ZodType): SchemaNode {
  return toNode(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' }));
}

/** What stays as it is; all else is either built anew or has no place in a structural schema. */
const keptKeywords = [
  'description',
  'type',
  'format',
  'enum',
  'default',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'required',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

/** Formats that the API server knows and that say more than a pattern. */
const keptFormats: ReadonlySet<unknown> = new Set(['date-time']);

/** Unknown fields are not refused here (`additionalProperties`), but pruned, or refused by strict field validation. */
function toNode(input: unknown): SchemaNode {
  const source = input as Record<string, unknown>;
  const node: Record<string, unknown> = {};
  for (const keyword of keptKeywords) if (source[keyword] !== undefined) node[keyword] = source[keyword];
  if (!keptFormats.has(node['format'])) delete node['format'];
  else delete node['pattern'];
  if (node['type'] === 'integer') node['format'] = Number(node['maximum'] ?? Infinity) < 2 ** 31 ? 'int32' : 'int64';
  if (node['maximum'] === Number.MAX_SAFE_INTEGER) delete node['maximum'];
  if (source['const'] !== undefined) node['enum'] = [source['const']];
  const { properties, items } = source;
  if (items !== undefined) node['items'] = toNode(items);
  if (typeof properties === 'object' && properties !== null) {
    const entries = Object.entries(properties).map(([name, field]) => [name, toNode(field)] as const);
    node['properties'] = Object.fromEntries(entries);
  }
  return node;
}
