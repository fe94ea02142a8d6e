import { stringify } from 'yaml';

/** kubectl and helm read YAML 1.1, where `on` and `no` without quotes are booleans. */
const forGo = { compat: 'yaml-1.1' } as const;

/** A definition as the text of its file. */
export function formatDefinition(definition: object): string {
  const yaml = stringify(definition, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false, ...forGo });
  return `# Generated from shim/custom-resources by npm run generate:crds. Do not edit.\n${yaml}`;
}
