import {
  type ConfigResult,
  type Environment,
  parseServingConfig,
  type ServingConfig,
} from '../serving/serving-config.ts';
import { splitTokens } from '../serving/bearer-token.ts';
import { parseUpstreams } from './upstreams.ts';

/** What the environment of the gateway as a Node service says. */
export interface GatewayConfig extends ServingConfig {
  /** Valid bearer tokens with commas between them: the gateway lets nobody in without one. */
  readonly tokens: string;
  /** Origins by proto service. */
  readonly upstreams: ReadonlyMap<string, string>;
  /** The token that the functions ask the gateway for; absent: none. */
  readonly upstreamToken?: string;
}

/**
 * Reads what a function's service reads (port 9001 unless set), `FUNCTIONS_UPSTREAMS` as {@link parseUpstreams} does, and
 * `FUNCTIONS_UPSTREAM_TOKEN`, of which the first is sent. `FUNCTIONS_TOKEN` and `FUNCTIONS_UPSTREAMS` must be set.
 */
export function parseGatewayConfig(env: Environment): ConfigResult<GatewayConfig> {
  const serving = parseServingConfig(env, 9001);
  const upstreams = parseUpstreams(env['FUNCTIONS_UPSTREAMS'] ?? '');
  const [upstreamToken] = splitTokens(env['FUNCTIONS_UPSTREAM_TOKEN'] ?? '');
  const errors = [
    ...(serving.kind === 'invalid' ? serving.errors : []),
    ...(env['FUNCTIONS_TOKEN'] ? [] : ['FUNCTIONS_TOKEN must be set: the gateway lets nobody in without a token']),
    ...(/[^\x21-\x7e]/.test(upstreamToken ?? '')
      ? ['FUNCTIONS_UPSTREAM_TOKEN must be printable characters without spaces; the value itself is not shown here']
      : []),
    ...(upstreams.kind === 'invalid' ? upstreams.errors.map((error) => `FUNCTIONS_UPSTREAMS: ${error}`) : []),
  ];
  if (
    errors.length > 0 ||
    serving.kind === 'invalid' ||
    upstreams.kind === 'invalid' ||
    serving.config.tokens === undefined
  ) {
    return { kind: 'invalid', errors };
  }
  const config = {
    ...serving.config,
    tokens: serving.config.tokens,
    upstreams: upstreams.upstreams,
    ...(upstreamToken ? { upstreamToken } : {}),
  };
  return { kind: 'valid', config };
}
