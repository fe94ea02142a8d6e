import { stringify } from 'yaml';

/** A definition as the text of its file. */
export function formatDefinition(definition: object): string {
  const yaml = stringify(definition, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false });
  return `# Generated from shim/custom-resources by npm run generate:crds. Do not edit.\n${yaml}`;
}
