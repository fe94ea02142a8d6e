import { request } from 'node:http';
import { createRegistry, fromJson, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { anyTypes } from '../../functions/clusters/any-types.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeRoutes } from '../../functions/routes/routes.ts';
import { type Cluster, ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { RouteSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import {
  type ComputeClustersResponse,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { type ComputeRoutesResponse, ComputeRoutesRequestSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import type { Echo } from './echo-server.ts';
import type { TestTailnet } from './test-tailnet.ts';

/** What a gateway is made of, as JSON of the protos. */
export interface GatewayInput {
  readonly endpoints: readonly JsonObject[];
  readonly policies?: readonly JsonObject[];
  /** The gateway's own routes, whole. */
  readonly routes?: readonly JsonObject[];
  readonly domains?: readonly string[];
  readonly settings?: JsonObject;
  /** Clusters besides the endpoints' own. */
  readonly clusters?: readonly Cluster[];
}

/** A real Envoy with what the functions computed, as Envoy Gateway would have it. */
export interface StaticGateway {
  readonly routes: ComputeRoutesResponse;
  readonly clusters: ComputeClustersResponse;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  stat(name: string): Promise<number>;
}

/** An answer: an upstream's echo, or what Envoy said itself. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly echo: Partial<Echo>;
}

/** Computes routes and clusters, puts them into a bootstrap and starts Envoy. */
export async function startStaticGateway(tailnet: TestTailnet, input: GatewayInput): Promise<StaticGateway> {
  const { endpoints, policies = [], routes: own = [], domains = ['*'] } = input;
  const settings = { allowTargets: ['127.0.0.0/8', 'localhost'], ...input.settings };
  const virtualHost = {
    name: 'test',
    domains: [...domains],
    gatewayNamespace: 'default',
    gateway: 'gateway',
    listener: 'http',
    routes: own.map(({ name = '', match = {} }) => ({ name, match })),
  };
  const resources = { endpoints: [...endpoints], policies: [...policies] };
  const routes = computeRoutes(
    fromJson(ComputeRoutesRequestSchema, {
      ...resources,
      virtualHosts: [virtualHost],
      allowTargets: settings.allowTargets,
    }),
  );
  const clusters = computeClusters(fromJson(ComputeClustersRequestSchema, { ...resources, settings }));
  const computed = clusters.clusters.flatMap(({ cluster }) => (cluster === undefined ? [] : [cluster]));
  const envoy = await tailnet.envoy((adminPort) =>
    buildBootstrap({
      adminPort,
      listenerPort: tailnet.listenerPort,
      virtualHost: { name: 'test', domains: [...domains], routes: insertRoutes(own, routes) },
      clusters: [...computed, ...(input.clusters ?? [])].map((cluster) =>
        toJson(ClusterSchema, cluster, { registry: anyTypes }),
      ),
    }),
  );
  const get: StaticGateway['get'] = (path, headers) => sendRequest(tailnet.listenerPort, path, headers);
  await waitFor('Envoy to listen', () => get('/'));
  return { routes, clusters, get, stat: (name) => envoy.stat(name) };
}

/** The gateway's own routes with the injected ones among them. */
function insertRoutes(own: readonly JsonObject[], { virtualHosts }: ComputeRoutesResponse): JsonValue[] {
  const injected = virtualHosts[0]?.injected ?? [];
  const before = (index: number) =>
    injected
      .filter((route) => route.before === index)
      .flatMap(({ route }) =>
        route === undefined ? [] : [toJson(RouteSchema, route, { registry: createRegistry() })],
      );
  return [...own.flatMap((route, index) => [...before(index), route]), ...before(own.length)];
}

function buildBootstrap(options: {
  readonly adminPort: number;
  readonly listenerPort: number;
  readonly virtualHost: JsonObject;
  readonly clusters: readonly JsonValue[];
}): object {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'http',
    normalize_path: true,
    route_config: { name: 'routes', virtual_hosts: [options.virtualHost] },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const listener = {
    name: 'gateway',
    address: loopback(options.listenerPort),
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  };
  return {
    node: { id: 'test', cluster: 'test' },
    admin: { address: loopback(options.adminPort) },
    static_resources: { listeners: [listener], clusters: options.clusters },
  };
}

function loopback(port: number) {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

/** Sends a path as it is: `fetch` would resolve its dot segments. */
function sendRequest(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const echo = text.startsWith('{') ? (JSON.parse(text) as Echo) : {};
        resolve({ status: res.statusCode ?? 0, text, echo });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
