// `npm run generate:crds`: writes the CustomResourceDefinitions beside this file, and into the chart, which can reach no others.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDefinitions } from './custom-resource-definition.ts';
import { formatDefinition } from './format-definition.ts';

const chart = join(import.meta.dirname, '..', 'helm', 'tailway', 'files', 'crds');
for (const { file, definition } of buildDefinitions()) {
  for (const folder of [import.meta.dirname, chart]) writeFileSync(join(folder, file), formatDefinition(definition));
}
