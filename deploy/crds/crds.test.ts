import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildDefinitions } from './custom-resource-definition.ts';
import { formatDefinition } from './format-definition.ts';

const folder = import.meta.dirname;

const built = buildDefinitions();

test('there is a file for each kind, and no other', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  expect(files.toSorted()).toEqual(built.map(({ file }) => file).toSorted());
});

test.each(built)('$file is what npm run generate:crds gives', ({ file, definition }) => {
  expect(readFileSync(join(folder, file), 'utf8')).toBe(formatDefinition(definition));
});

test.each(built)('$file means the same to kubectl and helm, which read YAML 1.1', ({ file, definition }) => {
  const text = readFileSync(join(folder, file), 'utf8');
  expect(parse(text, { version: '1.1' })).toEqual(parse(text));
  expect(fieldsOf(definition).filter((name) => parse(name, { version: '1.1' }) !== name)).toEqual([]);
});

/** The names of all fields, which people write without quotes. */
function fieldsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties } = node as Record<string, unknown>;
  return [...Object.keys(properties ?? {}), ...Object.values(node).flatMap(fieldsOf)];
}

/** The paths of fields without a description. */
function undescribed(node: unknown, path: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { description, properties, items } = node as Record<string, unknown>;
  const own = typeof description === 'string' && description.endsWith('.') ? [] : [path];
  const fields = Object.entries(properties ?? {}).flatMap(([name, field]) => undescribed(field, `${path}.${name}`));
  return [...own, ...fields, ...(items === undefined ? [] : undescribed(items, `${path}[]`))];
}

test.each(built)('every field of $file says what it is for', ({ definition }) => {
  const { versions } = (definition as { spec: { versions: { schema: { openAPIV3Schema: object } }[] } }).spec;
  const missing = versions.flatMap(({ schema }) => undescribed(schema.openAPIV3Schema, ''));
  expect(missing).toEqual(['.metadata']);
});

test('policies need a target, or Envoy Gateway drops others', () => {
  for (const plural of ['tailscaleroutepolicies', 'tailscalegatewayrevisions']) {
    const text = readFileSync(join(folder, `gateway.tailscale.com_${plural}.yaml`), 'utf8');
    expect(text).toMatch(/required:\n +- targetRefs\n/);
    expect(text).toMatch(/minItems: 1\n/);
  }
});
