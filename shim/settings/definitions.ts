import { dataPlaneDefinitions } from './data-plane-definitions.ts';
import type { Definition, Value } from './definition.ts';
import { deviceDefinitions } from './device-definitions.ts';
import { functionDefinitions } from './function-definitions.ts';
import { gatewayDefinitions } from './gateway-definitions.ts';
import { processDefinitions } from './process-definitions.ts';

/** All settings of the shim, by the name that the code uses. Names and defaults are a contract with users. */
export const definitions = {
  ...deviceDefinitions,
  ...dataPlaneDefinitions,
  ...gatewayDefinitions,
  ...functionDefinitions,
  ...processDefinitions,
} as const satisfies Readonly<Record<string, Definition<unknown>>>;

/** The settings of a run. */
export type Settings = { readonly [K in keyof typeof definitions]: Value<(typeof definitions)[K]> };
