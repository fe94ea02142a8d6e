// `npm start`: the process in the cluster. Settings, parts, start in order, wait, stop in reverse.
import { createComputationReport } from './computation-report.ts';
import { createConfiguredSource } from './configured-source.ts';
import { settingsToDataPlane, settingsToGroup } from './data-plane-inputs.ts';
import { createInProcessFunctions } from './functions-client.ts';
import { createHealth } from './health.ts';
import { listenHttpEndpoints } from './http-endpoints.ts';
import { type Log, createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createPublisher } from './publisher.ts';
import type { Settings } from './settings/definitions.ts';
import { helpText } from './settings/help.ts';
import { parseSettings } from './settings/settings.ts';
import { shutdownSignal } from './shutdown.ts';
import { copySourceStatus } from './source-metrics.ts';
import { systemClock as clock } from './sources/clock.ts';
import { createDeviceStore } from './sources/device-store.ts';
import { createStateFile } from './sources/state-file.ts';
import { version } from './version.ts';
import { createXdsObserver } from './xds-observer.ts';
import { createResourceCache } from './xds/resource-cache.ts';
import { createXdsServer } from './xds/server.ts';

/** How long open streams get to end by themselves when the process stops. */
const graceMs = 1000;

/** Runs until the first signal to stop. */
async function run(settings: Settings, log: Log): Promise<void> {
  const shutdown = shutdownSignal(log);
  const metrics = createMetrics({ version });
  const health = createHealth(['xDS', 'devices']);
  const report = createComputationReport({ log: log.child({ component: 'endpoints' }), metrics });
  const cache = createResourceCache();
  const sourceLog = log.child({ component: 'devices' });
  const { source, origin } = createConfiguredSource(settings, {
    clock,
    log: sourceLog,
    known: (deviceId) => store.current()?.find(({ id }) => id === deviceId),
  });
  const state =
    settings.stateDir === undefined
      ? undefined
      : createStateFile({ folder: settings.stateDir, origin, clock, log: sourceLog });
  const publisher = createPublisher({
    functions: createInProcessFunctions(metrics),
    cache,
    sidecars: { group: settingsToGroup(settings), dataPlane: settingsToDataPlane(settings) },
    clock,
    log: log.child({ component: 'publisher' }),
    onComputed(answer) {
      report.tell(answer);
      health.ready('devices');
    },
  });
  const store = createDeviceStore({
    clock,
    log: sourceLog.child({ source: source.name }),
    holdMs: settings.holdEmpty,
    onChange(devices) {
      publisher.devices(devices);
      state?.save(devices);
    },
  });
  const xds = createXdsServer({
    cache,
    log: log.child({ component: 'xds' }),
    nodeId: settings.nodeId,
    observer: createXdsObserver(metrics),
  });
  const scrape = async () => {
    copySourceStatus(metrics, source.name, store.status(), clock.now());
    return { status: 200, contentType: metrics.registry.contentType, body: await metrics.registry.metrics() };
  };

  const probes =
    settings.healthAddress &&
    (await bound('--health-probe-bind-address', listenHttpEndpoints(settings.healthAddress, health.routes)));
  const scrapes =
    settings.metricsAddress &&
    (await bound('--metrics-bind-address', listenHttpEndpoints(settings.metricsAddress, { '/metrics': scrape })));
  const { port: xdsPort } = await bound(
    '--bind-address, --xds-port',
    xds.listen({ host: settings.bindAddress, port: settings.xdsPort }),
  );
  health.ready('xDS');
  log.info({ version, xdsPort, healthPort: probes?.port, metricsPort: scrapes?.port }, 'listening');

  const restored = await state?.restore();
  if (restored !== undefined) store.restore(restored);
  await source.run(store, shutdown);

  health.stopping();
  store.close();
  await state?.close();
  publisher.close();
  await xds.close({ graceMs });
  await scrapes?.close();
  await probes?.close();
}

/** Names the setting of an address that cannot be had. */
async function bound<T>(flags: string, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`failed to listen: ${reason}; choose another address with ${flags}`, { cause });
  }
}

const parsed = parseSettings(process.argv.slice(2), process.env);
switch (parsed.kind) {
  case 'help':
    process.stdout.write(helpText());
    break;
  case 'errors':
    process.stderr.write(parsed.errors.map((error) => `${error}\n`).join(''));
    process.exitCode = 2;
    break;
  case 'settings': {
    const log = createLog(parsed.settings.logLevel);
    await run(parsed.settings, log).then(
      () => log.info({}, 'stopped'),
      (err: unknown) => {
        log.error({ err }, 'failed to run');
        process.exit(1);
      },
    );
    break;
  }
}
