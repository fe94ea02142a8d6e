// `npm run generate:crds`: writes the CustomResourceDefinitions beside this file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDefinitions } from './custom-resource-definition.ts';
import { formatDefinition } from './format-definition.ts';

for (const { file, definition } of buildDefinitions()) {
  writeFileSync(join(import.meta.dirname, file), formatDefinition(definition));
}
