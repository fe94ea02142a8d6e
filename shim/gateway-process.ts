import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { create } from '@bufbuild/protobuf';
import { anyTypes } from '../functions/clusters/any-types.ts';
import { computeBackendCluster } from '../functions/clusters/backend-cluster.ts';
import { computeRouteOverlay } from '../functions/routes/route-overlay.ts';
import { prepareRoutes } from '../functions/routes/routes.ts';
import { ClusterSettingsSchema, GroupEndpoints } from '../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { Group } from '../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type HookBook, createHookBook } from './admin/hook-book.ts';
import { createClusterSecrets } from './kubernetes/cluster-secrets.ts';
import { createClusterWriters } from './kubernetes/cluster-writers.ts';
import { createFolderSource } from './custom-resources/folder-source.ts';
import { parseBackendResource, parsePolicyResource } from './custom-resources/parse-extension-resource.ts';
import type { ResourceSink, ResourceSource } from './custom-resources/resource-source.ts';
import { settingsToGroup } from './settings/data-plane-inputs.ts';
import type { ExtensionServer } from './extension/extension-options.ts';
import { createExtensionServer } from './extension/extension-server.ts';
import type { FunctionsClient } from './functions/functions-client.ts';
import type { Acknowledgement } from './gateway/acknowledgement.ts';
import type { TailnetsView } from './gateway/endpoint-hosts.ts';
import type { GatewayStore } from './gateway/gateway-state.ts';
import { createGatewayState } from './gateway/gateway-store.ts';
import { createStatusBook } from './gateway/status-book.ts';
import { createHookObserver } from './telemetry/hook-observer.ts';
import { createKubeClient } from './kubernetes/kube-client.ts';
import type { LoadedKubeConfig } from './kubernetes/kube-config.ts';
import { createKubernetesSource } from './kubernetes/kubernetes-source.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { devicesAreRead } from './settings/contradictions.ts';
import type { Settings } from './settings/definitions.ts';
import type { Clock } from './timing/clock.ts';
import { createFolderSecrets } from './tailnets/folder-secrets.ts';
import { type Tailnets, createTailnets } from './tailnets/tailnets.ts';

/** Where the resources of the gateway come from: a folder, or a cluster. */
export type ResourcePlace =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'cluster'; readonly kube: LoadedKubeConfig };

/** The parts that serve a gateway: resources in, hooks answered. */
export interface GatewayProcess {
  readonly store: GatewayStore;
  /** The TailscaleTailnets among the resources. */
  readonly tailnets: Tailnets;
  readonly extension: ExtensionServer;
  /** How hooks were answered. */
  readonly hooks: Pick<HookBook, 'read'>;
  /** Whether this replica writes statuses and Events; undefined: no cluster is read. */
  leads(): boolean | undefined;
  /** What is known of the tailnet is different now. */
  statusChanged(): void;
  /** Reads the resources, and writes what became of them, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** How long hooks wait for the devices of a resource that discovers its endpoints. */
const deviceWaitMs = 10_000;

/** Builds the parts; nothing runs yet. */
export function createGatewayProcess(
  settings: Settings,
  parts: {
    readonly place: ResourcePlace;
    readonly functions: FunctionsClient;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly onGroups: (groups: readonly Group[]) => void;
    /** What is known of tailnets, for statuses. */
    readonly tailnets: () => TailnetsView;
    /** The devices of TailscaleTailnets, or what is known of them, may be different now. */
    readonly onTailnets: () => void;
    /** What the Envoys that ask for a group have made of it. */
    readonly acknowledgement: (group: string) => Acknowledgement;
  },
): GatewayProcess {
  const { functions, clock, log, metrics, onGroups } = parts;
  const clusterSettings = create(ClusterSettingsSchema, {
    xdsTarget: settings.xdsTarget,
    allowTargets: [...settings.allowTargets],
    groupEndpoints: settings.groupEndpoints === 'inline' ? GroupEndpoints.INLINE : GroupEndpoints.EDS,
  });
  const { discoveryTags, addressFamily } = settingsToGroup(settings);
  const store = createGatewayState({
    functions,
    clusterSettings,
    groupDefaults: { discoveryTags, addressFamily },
    tailnets: devicesAreRead(settings) ? [settings.tailnet] : [],
    endpointPort: settings.endpointPort,
    deviceWaitMs,
    clock,
    log: log.child({ component: 'gateway' }),
    onGroups,
  });
  const hooks = createHookBook({ now: () => clock.now(), next: createHookObserver(metrics) });
  const extension = createExtensionServer({
    state: store,
    // Envoy Gateway waits for the answer, so these never leave the process.
    functions: { prepareRoutes, computeRouteOverlay, computeBackendCluster },
    parsers: {
      parseEndpoints: (json) => parseBackendResource(json, store.conversion),
      parsePolicy: parsePolicyResource,
    },
    log: log.child({ component: 'extension' }),
    observer: hooks,
    anyTypes,
    clusterSettings,
    deadlineMs: settings.hookDeadline,
    syncWaitMs: settings.hookSyncWait,
    onUnsynced: settings.hookUnsynced,
  });
  const { source, tailnets, secretsSink, write, statusChanged, leads } = createPlace(settings, store, parts);
  const sink = shareResources([...secretsSink, tailnets, store.sink], store.sink.failed);
  return {
    store,
    tailnets,
    extension,
    hooks,
    leads,
    statusChanged,
    async run(signal) {
      await Promise.all([source.run(sink, signal), write(signal)]);
    },
  };
}

interface Place {
  readonly source: ResourceSource;
  readonly tailnets: Tailnets;
  /** Where Secrets are told that come from the same source. */
  readonly secretsSink: readonly Pick<ResourceSink, 'changed' | 'synced'>[];
  leads(): boolean | undefined;
  statusChanged(): void;
  /** Writes back what became of the resources, until the signal aborts. */
  write(signal: AbortSignal): Promise<void>;
}

function createPlace(
  settings: Settings,
  store: GatewayStore,
  parts: {
    readonly place: ResourcePlace;
    readonly clock: Clock;
    readonly log: Log;
    readonly tailnets: () => TailnetsView;
    readonly onTailnets: () => void;
    /** What the Envoys that ask for a group have made of it. */
    readonly acknowledgement: (group: string) => Acknowledgement;
  },
): Place {
  const { place, clock } = parts;
  const common = {
    settings,
    clock,
    log: parts.log.child({ component: 'tailnets' }),
    onChange: parts.onTailnets,
  };
  if (place.kind === 'folder') {
    const secrets = createFolderSecrets();
    return {
      source: createFolderSource({ path: place.path, clock }),
      tailnets: createTailnets({ ...common, secrets, onStatus: () => undefined }),
      secretsSink: [secrets],
      leads: () => undefined,
      statusChanged: () => undefined,
      write: () => Promise.resolve(),
    };
  }
  const cluster = {
    ...parts,
    client: createKubeClient(place.kube),
    namespaces: settings.namespaces,
    random: () => Math.random(),
    log: parts.log.child({ component: 'kubernetes' }),
  };
  const secrets = createClusterSecrets(cluster);
  const tailnets = createTailnets({ ...common, secrets, onStatus: () => writers.statusChanged() });
  const book = createStatusBook({
    store,
    allowTargets: settings.allowTargets,
    acknowledgement: parts.acknowledgement,
    translation: (gateway) => writers.translation(gateway),
  });
  const writers = createClusterWriters({
    ...cluster,
    store,
    statuses: async () => [...(await book.statuses(parts.tailnets())), ...tailnets.statuses()],
    leaseNamespace: place.kube.namespace,
    identity: `${hostname()}-${randomUUID().slice(0, 8)}`,
    statusIntervalMs: settings.statusInterval,
  });
  return {
    source: createKubernetesSource({ ...cluster, observe: writers.observe }),
    tailnets,
    secretsSink: [],
    leads: writers.leads,
    statusChanged: writers.statusChanged,
    write: writers.run,
  };
}

/** Tells several parts what there is, in their order: what others are made of comes first. */
function shareResources(
  sinks: readonly Pick<ResourceSink, 'changed' | 'synced'>[],
  failed: ResourceSink['failed'],
): ResourceSink {
  return {
    changed: (changes) => sinks.forEach((sink) => sink.changed(changes)),
    synced: () => sinks.forEach((sink) => sink.synced()),
    failed,
  };
}
