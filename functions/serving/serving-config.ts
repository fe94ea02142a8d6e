import { splitTokens } from './bearer-token.ts';

/** Variables of an environment; an empty one counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment of a Node service says. */
export interface ServingConfig {
  readonly bindAddress: string;
  readonly port: number;
  /** Valid bearer tokens with commas between them; absent: everybody may call. */
  readonly tokens?: string;
  /** Files of the server's TLS; absent: none. */
  readonly tls?: TlsConfig;
}

/** Files in PEM. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities of the clients' certificates; absent: clients need none. */
  readonly clientCaFile?: string;
}

/** A configuration, or every error in it, with the variable's name and never a token. */
export type ConfigResult<Config> =
  | { readonly kind: 'valid'; readonly config: Config }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/**
 * Reads `PORT`, `BIND_ADDRESS` (0.0.0.0), `FUNCTIONS_TOKEN` (none), and `TLS_CERT_FILE`, `TLS_KEY_FILE` and
 * `TLS_CLIENT_CA_FILE` (none).
 */
export function parseServingConfig(env: Environment, defaultPort = 9000): ConfigResult<ServingConfig> {
  const errors: string[] = [];
  const port = env['PORT'] || String(defaultPort);
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) {
    errors.push('PORT must be a whole number from 0 to 65535');
  }
  const tokens = env['FUNCTIONS_TOKEN'] || undefined;
  if (tokens !== undefined && splitTokens(tokens).length === 0) {
    errors.push('FUNCTIONS_TOKEN must hold a token, or several with commas between them');
  }
  const tls = parseTls(env, errors);
  if (errors.length > 0) {
    return { kind: 'invalid', errors };
  }
  const config = {
    bindAddress: env['BIND_ADDRESS'] || '0.0.0.0',
    port: Number(port),
    ...(tokens === undefined ? {} : { tokens }),
    ...(tls === undefined ? {} : { tls }),
  };
  return { kind: 'valid', config };
}

function parseTls(env: Environment, errors: string[]): TlsConfig | undefined {
  const [certFile, keyFile, clientCaFile] = [env['TLS_CERT_FILE'], env['TLS_KEY_FILE'], env['TLS_CLIENT_CA_FILE']];
  if (!certFile !== !keyFile) {
    errors.push(
      `${certFile ? 'TLS_KEY_FILE' : 'TLS_CERT_FILE'} must be set too: a certificate and its key go together`,
    );
  }
  if (clientCaFile && !certFile && !keyFile) {
    errors.push(
      'TLS_CLIENT_CA_FILE needs TLS_CERT_FILE and TLS_KEY_FILE: without TLS there are no client certificates',
    );
  }
  return certFile && keyFile ? { certFile, keyFile, ...(clientCaFile ? { clientCaFile } : {}) } : undefined;
}
