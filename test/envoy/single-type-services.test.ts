import { describe, expect, it } from 'vitest';
import { createTestTailnet, hostsToBe, sharesAt } from './test-tailnet.ts';

describe.each(['GRPC', 'DELTA_GRPC'])('a real Envoy that asks EDS and RDS services of their own over %s', (apiType) => {
  it('gets endpoints and routes', async () => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'east')];
    await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-1')]);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    const source = {
      resource_api_version: 'V3',
      api_config_source: {
        api_type: apiType,
        transport_api_version: 'V3',
        grpc_services: [{ google_grpc: { target_uri: `127.0.0.1:${shim.xdsPort}`, stat_prefix: 'xds' } }],
      },
    };
    const envoy = await tailnet.envoy((adminPort) => buildBootstrap(adminPort, tailnet.listenerPort, source));
    await hostsToBe(envoy, new Map([a, b].map((server) => [server, { healthy: true }])));
    await expect.poll(() => sharesAt(tailnet.entry, 200)).toMatchObject({ failed: 0, a: expect.closeTo(50, -1) });

    await tailnet.write([tailnet.device(b, 'tag:weight-1')]);
    await hostsToBe(envoy, new Map([[b, { healthy: true }]]));
  });
});

function buildBootstrap(adminPort: number, listenerPort: number, source: object): object {
  return {
    node: { id: 'single-type', cluster: 'test' },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    static_resources: {
      clusters: [
        {
          name: 'envoy-cluster',
          type: 'EDS',
          eds_cluster_config: { eds_config: source, service_name: 'eds_backend' },
          ignore_health_on_host_removal: true,
        },
      ],
      listeners: [
        {
          name: 'static',
          address: { socket_address: { address: '127.0.0.1', port_value: listenerPort } },
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: {
                    '@type':
                      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                    stat_prefix: 'static',
                    rds: { route_config_name: 'local-route', config_source: source },
                    http_filters: [
                      {
                        name: 'envoy.filters.http.router',
                        typed_config: {
                          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                        },
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  };
}
