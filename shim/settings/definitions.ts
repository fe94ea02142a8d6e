import { logLevels } from '../log.ts';
import {
  type Parser,
  boolean,
  duration,
  headerName,
  integer,
  ipAddress,
  list,
  listenAddress,
  listenPort,
  namespace,
  oneOf,
  origin,
  path,
  percent,
  port,
  secret,
  tag,
  text,
  urlPath,
} from './parsers.ts';

/** One setting: where it comes from, what it is without that, and what it is for. */
export interface Definition<T> {
  /** Group of `--help`. */
  readonly group: 'Devices' | 'xDS' | 'Data plane' | 'Gateway' | 'Process';
  /** Without its dashes; absent for secrets, which every user of a machine can read on a command line. */
  readonly flag?: string;
  readonly environment: string;
  /** As text, so that help and value have one source; absent: unset. */
  readonly fallback?: string;
  readonly parse: Parser<T>;
  readonly help: string;
}

type Unset<T> = Omit<Definition<T>, 'fallback'>;
type Given<T> = Definition<T> & { readonly fallback: string };

/** Value of a definition: never `undefined` where there is a default. */
export type Value<D> = D extends { fallback: string; parse: Parser<infer T> }
  ? T
  : D extends { parse: Parser<infer T> }
    ? T | undefined
    : never;

function given<T>(definition: Given<T>): Given<T> {
  return definition;
}

function unset<T>(definition: Unset<T>): Unset<T> {
  return definition;
}

/** All settings of the shim, by the name that the code uses. Names and defaults are a contract with users. */
export const definitions = {
  devices: unset({
    group: 'Devices',
    flag: 'devices',
    environment: 'TAILWAY_DEVICES',
    parse: path,
    help: "YAML or JSON file with devices in the shape of Tailscale's answer, watched; instead of an API",
  }),
  tailnet: given({
    group: 'Devices',
    flag: 'tailnet',
    environment: 'TS_ENVOY_TAILNET',
    fallback: '-',
    parse: text(1, 256),
    help: 'tailnet that is read; - is the one that the credentials belong to',
  }),
  apiToken: unset({
    group: 'Devices',
    environment: 'TS_ENVOY_API_TOKEN',
    parse: secret,
    help: 'API key of Tailscale or headscale',
  }),
  oauthClientId: unset({
    group: 'Devices',
    environment: 'TS_ENVOY_OAUTH_CLIENT_ID',
    parse: secret,
    help: 'OAuth client of Tailscale, with the scopes devices:core:read and devices:posture_attributes:read; instead of an API key',
  }),
  oauthClientSecret: unset({
    group: 'Devices',
    environment: 'TS_ENVOY_OAUTH_CLIENT_SECRET',
    parse: secret,
    help: 'secret of the OAuth client',
  }),
  apiUrl: given({
    group: 'Devices',
    flag: 'api-url',
    environment: 'TS_ENVOY_API_URL',
    fallback: 'https://api.tailscale.com',
    parse: origin,
    help: 'origin of the API',
  }),
  apiKind: given({
    group: 'Devices',
    flag: 'api-kind',
    environment: 'TS_ENVOY_API_KIND',
    fallback: 'tailscale',
    parse: oneOf('tailscale', 'headscale'),
    help: 'what answers there: tailscale or headscale',
  }),
  pollInterval: given({
    group: 'Devices',
    flag: 'poll-interval',
    environment: 'TS_ENVOY_POLL_INTERVAL',
    fallback: '30s',
    parse: duration(100),
    help: 'time between two readings of the API',
  }),
  attributesInterval: given({
    group: 'Devices',
    flag: 'attributes-interval',
    environment: 'TS_ENVOY_ATTRIBUTES_INTERVAL',
    fallback: '5m',
    parse: duration(100),
    help: "time after which a device's posture attributes are read again at the latest",
  }),
  requestTimeout: given({
    group: 'Devices',
    flag: 'api-timeout',
    environment: 'TS_ENVOY_API_TIMEOUT',
    fallback: '10s',
    parse: duration(10, 600_000),
    help: 'time limit of each request to the API',
  }),
  discoveryTags: given({
    group: 'Devices',
    flag: 'discovery-tags',
    environment: 'TS_ENVOY_DISCOVERY_TAGS',
    fallback: '',
    parse: list(tag),
    help: 'tags that make a locality each, with commas between them; empty: every tag that ends on weight-N',
  }),
  addressFamily: given({
    group: 'Devices',
    flag: 'address-family',
    environment: 'TS_ENVOY_ADDRESS_FAMILY',
    fallback: 'ipv4-first',
    parse: oneOf('ipv4-first', 'ipv6-first', 'ipv4-only', 'ipv6-only'),
    help: "which of a device's addresses is used: ipv4-first, ipv6-first, ipv4-only or ipv6-only",
  }),
  holdEmpty: given({
    group: 'Devices',
    flag: 'hold-empty',
    environment: 'TAILWAY_HOLD_EMPTY',
    fallback: '5m',
    parse: duration(0),
    help: 'how long a suddenly (nearly) empty answer is held before it is believed',
  }),
  stateDir: unset({
    group: 'Devices',
    flag: 'state-dir',
    environment: 'TAILWAY_STATE_DIR',
    parse: path,
    help: 'folder for the last good state, so that a restart can serve before its first reading',
  }),

  bindAddress: given({
    group: 'xDS',
    flag: 'bind-address',
    environment: 'BIND_ADDRESS',
    fallback: '0.0.0.0',
    parse: ipAddress,
    help: 'address that the gRPC servers listen on',
  }),
  xdsPort: given({
    group: 'xDS',
    flag: 'xds-port',
    environment: 'TS_ENVOY_PORT',
    fallback: '18000',
    parse: listenPort,
    help: 'port of the xDS server; 0: any free one, see the log',
  }),
  nodeId: given({
    group: 'xDS',
    flag: 'node-id',
    environment: 'TS_ENVOY_NODE_ID',
    fallback: '',
    parse: text(0, 1024),
    help: 'node id that is served; empty: any',
  }),

  clusterName: given({
    group: 'Data plane',
    flag: 'cluster-name',
    environment: 'TS_ENVOY_CLUSTER_NAME',
    fallback: 'envoy-cluster',
    parse: text(1, 256),
    help: "name of the sidecars' cluster",
  }),
  endpointPort: given({
    group: 'Data plane',
    flag: 'endpoint-port',
    environment: 'TS_ENVOY_ENDPOINT_PORT',
    fallback: '8080',
    parse: port,
    help: "port of the devices' service; a device's custom:lb-port wins",
  }),
  listenerPort: given({
    group: 'Data plane',
    flag: 'listener-port',
    environment: 'TS_ENVOY_LISTENER_PORT',
    fallback: '10000',
    parse: port,
    help: "port of the sidecars' listener",
  }),
  listenerAddress: given({
    group: 'Data plane',
    flag: 'listener-address',
    environment: 'TS_ENVOY_LISTENER_ADDRESS',
    fallback: '0.0.0.0',
    parse: ipAddress,
    help: "address of the sidecars' listener",
  }),
  accessLog: given({
    group: 'Data plane',
    flag: 'access-log',
    environment: 'TS_ENVOY_ACCESS_LOG',
    fallback: 'false',
    parse: boolean,
    help: 'whether the sidecars log requests to standard output',
  }),
  connectTimeout: given({
    group: 'Data plane',
    flag: 'connect-timeout',
    environment: 'TS_ENVOY_CONNECT_TIMEOUT',
    fallback: '1s',
    parse: duration(1),
    help: 'time to connect to a device',
  }),
  routeTimeout: given({
    group: 'Data plane',
    flag: 'request-timeout',
    environment: 'TS_ENVOY_REQUEST_TIMEOUT',
    fallback: '15s',
    parse: duration(0),
    help: 'time for a whole request; 0: none',
  }),
  retries: given({
    group: 'Data plane',
    flag: 'retries',
    environment: 'TS_ENVOY_RETRIES',
    fallback: '0',
    parse: integer(0, 100),
    help: 'tries of a failed request after the first',
  }),
  retryOn: given({
    group: 'Data plane',
    flag: 'retry-on',
    environment: 'TS_ENVOY_RETRY_ON',
    fallback: 'connect-failure,refused-stream,unavailable,reset',
    parse: text(1, 1024),
    help: "Envoy's conditions for another try",
  }),
  loadBalancing: given({
    group: 'Data plane',
    flag: 'lb-policy',
    environment: 'TS_ENVOY_LB_POLICY',
    fallback: 'round-robin',
    parse: oneOf('round-robin', 'least-request', 'ring-hash', 'maglev', 'random'),
    help: 'round-robin, least-request, ring-hash, maglev or random',
  }),
  hashHeader: given({
    group: 'Data plane',
    flag: 'hash-header',
    environment: 'TS_ENVOY_HASH_HEADER',
    fallback: '',
    parse: headerName,
    help: "request header that ring-hash and maglev hash; empty: the client's address",
  }),
  panicThreshold: given({
    group: 'Data plane',
    flag: 'panic-threshold',
    environment: 'TS_ENVOY_PANIC_THRESHOLD',
    fallback: '50',
    parse: percent,
    help: 'percent of healthy devices below which requests go to all of them; 0: never',
  }),
  slowStart: given({
    group: 'Data plane',
    flag: 'slow-start',
    environment: 'TS_ENVOY_SLOW_START',
    fallback: '0',
    parse: duration(0),
    help: "time in which a new device's share grows to its full size; 0: at once",
  }),
  healthCheck: given({
    group: 'Data plane',
    flag: 'health-check',
    environment: 'TS_ENVOY_HEALTH_CHECK',
    fallback: 'true',
    parse: boolean,
    help: 'whether the sidecars check the devices',
  }),
  healthCheckPath: given({
    group: 'Data plane',
    flag: 'health-check-path',
    environment: 'TS_ENVOY_HEALTH_CHECK_PATH',
    fallback: '/',
    parse: urlPath,
    help: 'path of a check',
  }),
  healthCheckHost: given({
    group: 'Data plane',
    flag: 'health-check-host',
    environment: 'TS_ENVOY_HEALTH_CHECK_HOST',
    fallback: '',
    parse: text(0, 253),
    help: "host header of a check; empty: the cluster's name",
  }),
  healthCheckInterval: given({
    group: 'Data plane',
    flag: 'health-check-interval',
    environment: 'TS_ENVOY_HEALTH_CHECK_INTERVAL',
    fallback: '5s',
    parse: duration(1),
    help: 'time between checks',
  }),
  healthCheckTimeout: given({
    group: 'Data plane',
    flag: 'health-check-timeout',
    environment: 'TS_ENVOY_HEALTH_CHECK_TIMEOUT',
    fallback: '1s',
    parse: duration(1),
    help: 'time limit of a check',
  }),
  unhealthyThreshold: given({
    group: 'Data plane',
    flag: 'unhealthy-threshold',
    environment: 'TS_ENVOY_UNHEALTHY_THRESHOLD',
    fallback: '2',
    parse: integer(1, 1000),
    help: 'failed checks that make a device unhealthy',
  }),
  healthyThreshold: given({
    group: 'Data plane',
    flag: 'healthy-threshold',
    environment: 'TS_ENVOY_HEALTHY_THRESHOLD',
    fallback: '1',
    parse: integer(1, 1000),
    help: 'passed checks that make a device healthy',
  }),
  outlierDetection: given({
    group: 'Data plane',
    flag: 'outlier-detection',
    environment: 'TS_ENVOY_OUTLIER_DETECTION',
    fallback: 'false',
    parse: boolean,
    help: 'whether devices that answer badly are left out for a while',
  }),
  outlierConsecutive5xx: given({
    group: 'Data plane',
    flag: 'outlier-consecutive-5xx',
    environment: 'TS_ENVOY_OUTLIER_CONSECUTIVE_5XX',
    fallback: '5',
    parse: integer(1, 1_000_000),
    help: 'failures in a row that leave a device out',
  }),
  outlierInterval: given({
    group: 'Data plane',
    flag: 'outlier-interval',
    environment: 'TS_ENVOY_OUTLIER_INTERVAL',
    fallback: '10s',
    parse: duration(1),
    help: 'time between sweeps of outlier detection',
  }),
  outlierEjectionTime: given({
    group: 'Data plane',
    flag: 'outlier-ejection-time',
    environment: 'TS_ENVOY_OUTLIER_EJECTION_TIME',
    fallback: '30s',
    parse: duration(1),
    help: 'how long a device is left out the first time',
  }),
  outlierMaxEjectionPercent: given({
    group: 'Data plane',
    flag: 'outlier-max-ejection-percent',
    environment: 'TS_ENVOY_OUTLIER_MAX_EJECTION_PERCENT',
    fallback: '10',
    parse: integer(0, 100),
    help: 'percent of the devices that may be left out at once',
  }),

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

  healthAddress: given({
    group: 'Process',
    flag: 'health-probe-bind-address',
    environment: 'HEALTH_PROBE_BIND_ADDRESS',
    fallback: ':8081',
    parse: listenAddress,
    help: 'address of /healthz and /readyz; 0: none',
  }),
  metricsAddress: given({
    group: 'Process',
    flag: 'metrics-bind-address',
    environment: 'METRICS_BIND_ADDRESS',
    fallback: ':8080',
    parse: listenAddress,
    help: 'address of /metrics; 0: none',
  }),
  logLevel: given({
    group: 'Process',
    flag: 'log-level',
    environment: 'TAILWAY_LOG_LEVEL',
    fallback: 'info',
    parse: oneOf(...logLevels),
    help: logLevels.join(', '),
  }),
} as const satisfies Readonly<Record<string, Definition<unknown>>>;

/** The settings of a run. */
export type Settings = { readonly [K in keyof typeof definitions]: Value<(typeof definitions)[K]> };
