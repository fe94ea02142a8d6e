import { type Registry } from '@bufbuild/protobuf';
import { type ConnectRouter } from '@connectrpc/connect';
import { type Logger, pino } from 'pino';
import { type CertificateFiles, createCertificateFiles } from '../certificates/node.ts';
import { type HttpListener } from '../listen/node.ts';
import { serveFunctions } from '../node.ts';
import { type ConfigResult, type Environment, parseServingConfig, type ServingConfig } from '../serving-config.ts';

/** How long running calls have to end after the first signal, in milliseconds. */
const drainMs = 10_000;

/** What a service is started with. */
export interface StartOptions<Config extends ServingConfig> {
  readonly config: Config;
  readonly certificates: CertificateFiles | undefined;
  readonly log: Logger;
}

/**
 * Runs functions as a Node process, as the environment says: see {@link parseServingConfig}.
 *
 * @param anyTypes the types that stand in an `Any` of a response, for reflection
 */
export async function runFunctions(routes: (router: ConnectRouter) => void, anyTypes?: Registry): Promise<void> {
  await runService(
    (env) => parseServingConfig(env),
    async ({ config, certificates, log }) => {
      const { bindAddress, port, tokens } = config;
      const onFailure = (method: string, error: Error) =>
        log.error({ method, err: error.cause ?? error }, 'call failed');
      const server = await serveFunctions({ routes, anyTypes, bindAddress, port, tokens, certificates, onFailure });
      log.info({ url: server.url, ...formatAccess(config) }, 'serving functions');
      return server;
    },
  );
}

/**
 * Runs a service as a Node process. The first SIGTERM or SIGINT lets running calls end, the second ends them. Settings
 * that are none end the process with status 2, an address or a certificate that can't be used with status 1.
 */
export async function runService<Config extends ServingConfig>(
  parse: (env: Environment) => ConfigResult<Config>,
  start: (options: StartOptions<Config>) => Promise<HttpListener>,
): Promise<void> {
  const log = createLog();
  const result = parse(process.env);
  if (result.kind === 'invalid') {
    log.fatal({ errors: result.errors }, 'the settings are not valid');
    process.exitCode = 2;
    return;
  }
  const { config } = result;
  const certificates =
    config.tls === undefined
      ? undefined
      : createCertificateFiles({
          names: config.tls,
          onError: (err) => log.error({ err }, 'the changed certificate is not used'),
        });
  try {
    stopOnSignals(await start({ config, certificates, log }), log);
  } catch (err) {
    log.fatal({ err, BIND_ADDRESS: config.bindAddress, PORT: config.port }, 'failed to listen');
    process.exitCode = 1;
  }
}

/** What a caller needs, for the log: never a token. */
export function formatAccess({ tokens, tls }: ServingConfig): { tokenNeeded: boolean; certificateNeeded: boolean } {
  return { tokenNeeded: tokens !== undefined, certificateNeeded: tls?.clientCaFile !== undefined };
}

function stopOnSignals(server: HttpListener, log: Logger): void {
  let stopping = false;
  const stop = () => {
    if (stopping) {
      process.exit(1);
    }
    stopping = true;
    log.info({}, 'stopping');
    setTimeout(() => process.exit(1), drainMs).unref();
    void server.close();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function createLog(): Logger {
  return pino({
    base: {},
    messageKey: 'message',
    formatters: { level: (level) => ({ level }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  });
}
