import { stat } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeRoutes } from '../../functions/routes/routes.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { ClusterSettingsSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import {
  ComputeRoutesRequestSchema,
  type InjectedRoute,
  NotInjectedReasonSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { type FullExplanation, explainFully } from '../admin/explain-page.ts';
import { createFolderSource } from '../custom-resources/folder-source.ts';
import type { ExplainedCluster, ExplainedVirtualHost } from '../extension/explanation.ts';
import { httpListeners } from '../gateway/envoy-gateways.ts';
import type { GatewayStore } from '../gateway/gateway-state.ts';
import { createGatewayState } from '../gateway/gateway-store.ts';
import { settingsToGroup } from '../settings/data-plane-inputs.ts';
import type { Settings } from '../settings/definitions.ts';
import { systemClock as clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { CommandFailure } from './command-error.ts';

/** What would be injected by a folder of resources, and what in the folder cannot be read. */
export interface FolderExplanation extends FullExplanation {
  readonly faults: readonly { readonly place: string; readonly detail: string }[];
}

const ignore = () => undefined;

/** What a shim would log is in the explanation. */
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent };

/**
 * Explains a folder as a shim with `--resources` would serve it: into the listeners of its Gateways, or, where it has
 * none, into a virtual host for every host name, of the Gateway `namespace/name` if one is named. Throws a CommandFailure
 * when there is no such folder.
 */
export async function explainFolder(
  folder: string,
  settings: Settings,
  gateway: string | undefined,
): Promise<FolderExplanation> {
  await checkFolder(folder);
  const { discoveryTags, addressFamily } = settingsToGroup(settings);
  const store = createGatewayState({
    functions: { computeClusters: (request) => Promise.resolve(computeClusters(request)) },
    clusterSettings: create(ClusterSettingsSchema, {
      xdsTarget: settings.xdsTarget,
      allowTargets: [...settings.allowTargets],
    }),
    groupDefaults: { discoveryTags, addressFamily },
    tailnets: [settings.tailnet],
    endpointPort: settings.endpointPort,
    deviceWaitMs: 0,
    clock,
    log: silent,
  });
  try {
    const faults = await readFolder(folder, store);
    await store.settled();
    const virtualHosts = explainVirtualHosts(store, settings, gateway);
    const clusters = store.endpoints.flatMap((endpoint) => explainCluster(store, endpoint));
    const explanation = { synced: true, revision: store.revision, virtualHosts, clusters, routes: [] };
    return { ...explainFully(explanation, store), faults };
  } finally {
    store.close();
  }
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const what = found === undefined ? 'there is no such folder' : 'it is a file, and must be a folder of YAML';
  throw new CommandFailure(`--resources: failed to read ${folder}: ${what}`);
}

/** Reads the folder once. */
async function readFolder(folder: string, store: GatewayStore): Promise<FolderExplanation['faults']> {
  const faults: { place: string; detail: string }[] = [];
  const once = new AbortController();
  let synced = false;
  await createFolderSource({ path: folder, clock }).run(
    {
      changed: store.sink.changed,
      synced() {
        synced = true;
        store.sink.synced();
        once.abort();
      },
      failed(fault) {
        faults.push(fault);
        if (!synced && fault.place === folder) once.abort();
      },
    },
    once.signal,
  );
  if (!synced) throw new CommandFailure(`--resources: failed to read ${folder}: ${faults[0]?.detail ?? ''}`);
  return faults;
}

function explainVirtualHosts(
  store: GatewayStore,
  settings: Settings,
  gateway: string | undefined,
): ExplainedVirtualHost[] {
  const [namespace = '', name = ''] = gateway?.split('/') ?? [];
  const listeners = [...store.gateways.values()].flatMap((each) =>
    httpListeners(each).map((listener) => ({
      name: `${each.namespace}/${each.name}/${listener.name}`,
      domains: [listener.hostname],
      gatewayNamespace: each.namespace,
      gateway: each.name,
      listener: listener.name,
    })),
  );
  const anywhere = { name: 'any', domains: ['*'], gatewayNamespace: namespace, gateway: name, listener: '' };
  const virtualHosts = listeners.length === 0 ? [anywhere] : listeners;
  // Every gateway has a catch-all of the user's own, or is as if it had one.
  const routes = [{ name: 'catch-all', match: { pathSpecifier: { case: 'prefix' as const, value: '/' } } }];
  const answer = computeRoutes(
    create(ComputeRoutesRequestSchema, {
      virtualHosts: virtualHosts.map((each) => Object.assign(each, { routes })),
      endpoints: [...store.endpoints],
      policies: [...store.policies],
      allowTargets: [...settings.allowTargets],
    }),
  );
  const domains = new Map(virtualHosts.map((each) => [each.name, each.domains]));
  return answer.virtualHosts.map((each) => ({
    name: each.name,
    domains: domains.get(each.name) ?? [],
    gateway: each.gateway === '' ? '' : `${each.gatewayNamespace}/${each.gateway}`,
    listener: each.listener,
    revision: store.revision,
    injected: each.injected.map((injected) => ({
      route: injected.route?.name ?? '',
      endpoint: formatReference(injected.endpoint),
      policy: injected.policy,
      before: injected.before,
      shadowedBy: injected.shadowedBy,
      detail: describeRoute(injected),
    })),
    notInjected: each.notInjected.map(({ endpoint, reason, detail }) => ({
      endpoint: formatReference(endpoint),
      reason: NotInjectedReasonSchema.value[reason]?.localName ?? '',
      detail,
    })),
  }));
}

/** Where requests come in, where they go, and why the route stands where it does. */
function describeRoute({ route, detail }: InjectedRoute): string {
  const path = route?.match?.pathSpecifier;
  const target = route?.action.case === 'route' ? route.action.value.clusterSpecifier : undefined;
  const from = path?.case === 'pathSeparatedPrefix' ? path.value : '';
  const to = target?.case === 'cluster' ? target.value : '';
  return `${from} → ${to}; ${detail}`;
}

function explainCluster(store: GatewayStore, endpoint: GatewayStore['endpoints'][number]): ExplainedCluster[] {
  const decision = endpoint.ref === undefined ? undefined : store.decision(endpoint.ref);
  if (decision?.kind !== 'injected') return [];
  const { cluster, detail } = decision.decided;
  return [
    {
      name: cluster.name,
      hook: 'PostTranslateModify',
      injected: true,
      detail,
      endpoints: [formatReference(endpoint.ref)],
      refused: [],
    },
  ];
}
