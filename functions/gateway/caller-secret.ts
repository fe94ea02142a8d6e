/**
 * The headers by which a caller proves itself to the gateway, or to Cloudflare Access before it. They end here: a
 * function has no use for them.
 */
export const callerSecretHeaders: readonly string[] = [
  'authorization',
  'cookie',
  'cf-access-client-id',
  'cf-access-client-secret',
  'cf-access-jwt-assertion',
];
