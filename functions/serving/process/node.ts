import { type ConnectRouter } from '@connectrpc/connect';
import { type Logger, pino } from 'pino';
import { type FunctionServer, serveFunctions } from '../node.ts';
import { parseServingConfig, type ServingConfig } from '../serving-config.ts';

/** How long running calls have to end after the first signal, in milliseconds. */
const drainMs = 10_000;

/**
 * Runs functions as a Node process, as `PORT`, `BIND_ADDRESS` and `FUNCTIONS_TOKEN` of the
 * environment say. The first SIGTERM or SIGINT lets running calls end, the second ends them.
 */
export async function runFunctions(routes: (router: ConnectRouter) => void): Promise<void> {
  const log = createLog();
  const result = parseServingConfig(process.env);
  if (result.kind === 'invalid') {
    log.fatal({ errors: result.errors }, 'the settings are not valid');
    process.exitCode = 2;
    return;
  }
  const server = await start(routes, result.config, log);
  if (server !== undefined) {
    stopOnSignals(server, log);
  }
}

async function start(
  routes: (router: ConnectRouter) => void,
  config: ServingConfig,
  log: Logger,
): Promise<FunctionServer | undefined> {
  const onFailure = (method: string, error: Error) => log.error({ method, err: error.cause ?? error }, 'call failed');
  try {
    const server = await serveFunctions({ ...config, routes, onFailure });
    log.info({ url: server.url, tokenNeeded: config.tokens !== undefined }, 'serving functions');
    return server;
  } catch (err) {
    log.fatal({ err, BIND_ADDRESS: config.bindAddress, PORT: config.port }, 'failed to listen');
    process.exitCode = 1;
    return undefined;
  }
}

function stopOnSignals(server: FunctionServer, log: Logger): void {
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
