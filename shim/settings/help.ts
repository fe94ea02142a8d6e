import type { Definition } from './definition.ts';
import { definitions } from './definitions.ts';

/** The text of `--help`: every setting with its flag, variable and default. */
export function helpText(): string {
  const groups = Map.groupBy<string, Definition<unknown>>(Object.values(definitions), ({ group }) => group);
  const sections = [...groups].map(([group, entries]) => `${group}\n${entries.map(entryText).join('\n')}`);
  return `tailway: serves the weighted devices of a tailnet to Envoy

Usage
  npm start -- [--flag VALUE …]
  TS_ENVOY_API_TOKEN=tskey-api-… npm start          the devices of your tailnet
  npm start -- --devices devices.yaml               devices from a file, without a tailnet
  npm run demo                                      all of it on this machine, with a real Envoy

Flags win over environment variables, those over defaults.

${sections.join('\n\n')}
`;
}

function entryText({ flag, environment, fallback, help }: Definition<unknown>): string {
  const names = flag === undefined ? environment : `--${flag}  ${environment}`;
  const value = fallback === undefined ? 'unset' : fallback === '' ? 'empty' : fallback;
  return `  ${names}  (${value})\n      ${help}`;
}
