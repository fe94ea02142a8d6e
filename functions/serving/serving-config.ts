import { splitTokens } from './bearer-token.ts';

/** What the environment of a Node service says. */
export interface ServingConfig {
  readonly bindAddress: string;
  readonly port: number;
  /** Valid bearer tokens with commas between them; absent: everybody may call. */
  readonly tokens?: string;
}

/** The configuration, or every error in it, with the variable's name and never a token. */
export type ServingConfigResult =
  | { readonly kind: 'valid'; readonly config: ServingConfig }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/** Reads `PORT` (9000), `BIND_ADDRESS` (0.0.0.0) and `FUNCTIONS_TOKEN` (none); an empty variable counts as unset. */
export function parseServingConfig(env: Readonly<Record<string, string | undefined>>): ServingConfigResult {
  const errors: string[] = [];
  const port = env['PORT'] || '9000';
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) {
    errors.push('PORT must be a whole number from 0 to 65535');
  }
  const tokens = env['FUNCTIONS_TOKEN'] || undefined;
  if (tokens !== undefined && splitTokens(tokens).length === 0) {
    errors.push('FUNCTIONS_TOKEN must hold a token, or several with commas between them');
  }
  if (errors.length > 0) {
    return { kind: 'invalid', errors };
  }
  const config = { bindAddress: env['BIND_ADDRESS'] || '0.0.0.0', port: Number(port) };
  return { kind: 'valid', config: tokens === undefined ? config : { ...config, tokens } };
}
