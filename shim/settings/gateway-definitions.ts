import { given, unset } from './definition.ts';
import { duration, list, listenPort, namespace, oneOf, path, text } from './parsers.ts';

/** Where resources come from, and how hooks are answered. */
export const gatewayDefinitions = {
  resources: unset({
    group: 'Gateway',
    flag: 'resources',
    environment: 'TAILWAY_RESOURCES',
    parse: path,
    help: 'folder of YAML with TailscaleEndpoints and TailscaleRoutePolicies, watched; instead of a cluster',
  }),
  kubeconfig: unset({
    group: 'Gateway',
    flag: 'kubeconfig',
    environment: 'KUBECONFIG',
    parse: path,
    help: 'kubeconfig of the cluster whose resources are served; in a cluster, that one unless something else is set',
  }),
  namespaces: given({
    group: 'Gateway',
    flag: 'namespaces',
    environment: 'TAILWAY_NAMESPACES',
    fallback: '',
    parse: list(namespace),
    help: 'namespaces whose resources count, with commas between them; empty: all',
  }),
  grpcPort: given({
    group: 'Gateway',
    flag: 'grpc-port',
    environment: 'GRPC_PORT',
    fallback: '5005',
    parse: listenPort,
    help: "port of the extension server that answers Envoy Gateway's hooks; 0: any free one, see the log",
  }),
  xdsTarget: given({
    group: 'Gateway',
    flag: 'xds-target',
    environment: 'TAILWAY_XDS_TARGET',
    fallback: 'dns:///tailscale-gateway-extension-server.tailscale-gateway-system.svc.cluster.local:18000',
    parse: text(1, 1024),
    help: "where the gateways' Envoys find this process's xDS server, as a gRPC target",
  }),
  allowTargets: given({
    group: 'Gateway',
    flag: 'allow-targets',
    environment: 'TAILWAY_ALLOW_TARGETS',
    fallback: '',
    parse: list(text(1, 253)),
    help: 'external targets that are allowed although refused by default: CIDRs and name suffixes, with commas between them',
  }),
  hookDeadline: given({
    group: 'Gateway',
    flag: 'hook-deadline',
    environment: 'TAILWAY_HOOK_DEADLINE',
    fallback: '5s',
    parse: duration(10, 600_000),
    help: 'time within which a hook is answered',
  }),
  hookSyncWait: given({
    group: 'Gateway',
    flag: 'hook-sync-wait',
    environment: 'TAILWAY_HOOK_SYNC_WAIT',
    fallback: '30s',
    parse: duration(0, 600_000),
    help: 'how long a hook waits for the first sync',
  }),
  hookUnsynced: given({
    group: 'Gateway',
    flag: 'hook-unsynced',
    environment: 'TAILWAY_HOOK_UNSYNCED',
    fallback: 'fail',
    parse: oneOf('fail', 'pass-through'),
    help: 'what a hook does after that: fail, so that Envoys keep what they have, or pass-through, without routes',
  }),
  statusInterval: given({
    group: 'Gateway',
    flag: 'status-interval',
    environment: 'TAILWAY_STATUS_INTERVAL',
    fallback: '5s',
    parse: duration(100, 3_600_000),
    help: "shortest time between two writes of one resource's status",
  }),
} as const;
