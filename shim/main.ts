// `npm start`: the process in the cluster. Settings, parts, start in order, wait, stop in reverse.
import { anyTypes } from '../functions/dataplane/any-types.ts';
import type { GroupResult } from '../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { createExplainPage } from './admin/explain-page.ts';
import { createSimulatePage } from './admin/simulate-page.ts';
import { createStatusPage } from './admin/status-page.ts';
import { createComputationReport } from './telemetry/computation-report.ts';
import { settingsToDataPlane, settingsToGroup } from './settings/data-plane-inputs.ts';
import { changeDelayMs, createConfiguredFunctions } from './functions/configured-functions.ts';
import { createAcknowledgementMemory } from './gateway/acknowledgement-memory.ts';
import { createTailnetsView } from './gateway/endpoint-hosts.ts';
import { type ResourcePlace, createGatewayProcess } from './gateway-process.ts';
import { createHealth } from './probes/health.ts';
import { listenHttpEndpoints } from './probes/http-endpoints.ts';
import { loadKubeConfig } from './kubernetes/kube-config.ts';
import { type Log, createLog } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createPublisher } from './publishing/publisher.ts';
import { devicesAreRead, nothingToServe } from './settings/contradictions.ts';
import type { Settings } from './settings/definitions.ts';
import { helpText } from './settings/help.ts';
import { parseSettings } from './settings/settings.ts';
import { shutdownSignal } from './shutdown.ts';
import { systemClock as clock } from './timing/clock.ts';
import { createTailnetProcess } from './tailnet-process.ts';
import { version } from './version.ts';
import { createXdsObserver } from './telemetry/xds-observer.ts';
import { createResourceCache } from './xds/resource-cache.ts';
import { typeUrls } from './xds/resource.ts';
import { createXdsServer } from './xds/server.ts';

/** How long open streams get to end by themselves when the process stops. */
const graceMs = 1000;

/** Runs until the first signal to stop. */
async function run(settings: Settings, place: ResourcePlace | undefined, log: Log): Promise<void> {
  const shutdown = shutdownSignal(log);
  const metrics = createMetrics({ version });
  const functions = createConfiguredFunctions(settings, { clock, metrics, log: log.child({ component: 'functions' }) });
  const cache = createResourceCache();
  const devices = devicesAreRead(settings);
  const health = createHealth([
    'xDS',
    ...(devices ? ['devices'] : []),
    ...(place === undefined ? [] : ['resources', 'tailnets']),
  ]);
  const report = createComputationReport({
    log: log.child({ component: 'endpoints' }),
    metrics,
    sidecarGroup: devices ? settingsToGroup(settings).name : undefined,
  });
  const publisher = createPublisher({
    functions,
    cache,
    ...(devices ? { sidecars: { group: settingsToGroup(settings), dataPlane: settingsToDataPlane(settings) } } : {}),
    debounceMs: changeDelayMs(settings),
    clock,
    log: log.child({ component: 'publisher' }),
    onComputed(computed) {
      report.tell(computed);
      health.ready('devices');
      groups = computed.all;
      gateway?.store.groupResults(computed.changed);
      gateway?.statusChanged();
    },
  });
  let groups: ReadonlyMap<string, GroupResult> = new Map();
  const acknowledgements = createAcknowledgementMemory({ clock });
  const gateway =
    place &&
    createGatewayProcess(settings, {
      place,
      functions,
      clock,
      log,
      metrics,
      onGroups: (groups) => tailnet.groups(groups),
      onTailnets: () => tailnet.changed(),
      tailnets: () => createTailnetsView(tailnet.devices(), groups.values(), tailnet),
      acknowledgement: (group) => acknowledgements(groups.get(group), xds.answers(typeUrls.endpoint, group)),
    });
  const tailnet = createTailnetProcess(settings, {
    clock,
    log: log.child({ component: 'devices' }),
    tailnets: gateway?.tailnets,
    onDevices: publisher.devices,
    onSettledDevices(list) {
      gateway?.store.devices(list);
      health.ready('tailnets');
    },
    onGroups: publisher.groups,
  });
  const xds = createXdsServer({
    cache,
    log: log.child({ component: 'xds' }),
    nodeId: settings.nodeId,
    observer: createXdsObserver(metrics, () => gateway?.statusChanged()),
    anyTypes,
  });
  const scrape = async () => {
    tailnet.copyStatus(metrics);
    return { status: 200, contentType: metrics.registry.contentType, body: await metrics.registry.metrics() };
  };
  const status = createStatusPage({
    version,
    startedAtMs: clock.now(),
    now: () => clock.now(),
    health,
    sources: tailnet.statuses,
    groups: () => groups.values(),
    cache,
    xds,
    functions,
    ...(gateway === undefined ? {} : { gateway }),
  });
  const pages = {
    '/metrics': scrape,
    '/status': status,
    '/explain': createExplainPage(gateway),
    '/simulate': createSimulatePage(() => groups.values()),
  };

  const host = settings.bindAddress;
  const probes =
    settings.healthAddress &&
    (await bound('--health-probe-bind-address', listenHttpEndpoints(settings.healthAddress, health.routes)));
  const admin =
    settings.metricsAddress &&
    (await bound('--metrics-bind-address', listenHttpEndpoints(settings.metricsAddress, pages)));
  const { port: xdsPort } = await bound('--bind-address, --xds-port', xds.listen({ host, port: settings.xdsPort }));
  const hooks =
    gateway &&
    (await bound('--bind-address, --grpc-port', gateway.extension.listen({ host, port: settings.grpcPort })));
  health.ready('xDS');
  gateway?.store.observe(() => gateway.store.synced && health.ready('resources'));
  log.info(
    { version, xdsPort, grpcPort: hooks?.port, healthPort: probes?.port, metricsPort: admin?.port },
    'listening',
  );

  await Promise.all([tailnet.run(shutdown), gateway?.run(shutdown)]);

  health.stopping();
  await tailnet.close();
  gateway?.store.close();
  publisher.close();
  functions.close();
  await Promise.all([xds.close({ graceMs }), gateway?.extension.close({ graceMs })]);
  await admin?.close();
  await probes?.close();
}

/** Where resources come from, if from anywhere: a folder, else a cluster. */
async function findResources(settings: Settings): Promise<ResourcePlace | undefined> {
  if (settings.resources !== undefined) return { kind: 'folder', path: settings.resources };
  if (settings.kubernetes === 'off') return undefined;
  const kube = await loadKubeConfig({ kubeconfig: settings.kubeconfig, environment: process.env });
  return kube && { kind: 'cluster', kube };
}

async function start(settings: Settings, log: Log): Promise<void> {
  const place = await findResources(settings);
  if (place === undefined && !devicesAreRead(settings)) {
    process.stderr.write(`${nothingToServe}\n`);
    process.exitCode = 2;
    return;
  }
  await run(settings, place, log);
  log.info({}, 'stopped');
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
    await start(parsed.settings, log).catch((err: unknown) => {
      log.error({ err }, 'failed to run');
      process.exit(1);
    });
    break;
  }
}
