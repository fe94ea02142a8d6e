/** How an Envoy asks for its configuration. */
export type XdsVariant = 'sotw-ads' | 'delta-ads' | 'sotw' | 'delta';

/**
 * The bootstrap of a sidecar Envoy, as a value that JSON and YAML can carry: all resources from
 * the control plane, over one ADS stream, or (for CDS and LDS) over a stream for each type.
 */
export function buildSidecarBootstrap(options: {
  readonly nodeId: string;
  readonly xds: { readonly host: string; readonly port: number };
  readonly variant?: XdsVariant;
  /** Absent: no admin interface. */
  readonly adminPort?: number;
}): object {
  const { nodeId, xds, variant = 'delta-ads', adminPort } = options;
  const api = {
    api_type: variant.startsWith('delta') ? 'DELTA_GRPC' : 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }],
    set_node_on_first_message_only: true,
  };
  const own = { api_config_source: api, resource_api_version: 'V3' };
  const ads = { ads: {}, resource_api_version: 'V3' };
  const source = variant.endsWith('ads') ? ads : own;
  return {
    node: { id: nodeId, cluster: 'tailway-sidecar' },
    ...(adminPort === undefined
      ? {}
      : { admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } } }),
    dynamic_resources: {
      ads_config: api,
      cds_config: source,
      lds_config: source,
    },
    static_resources: {
      clusters: [
        {
          name: 'xds_cluster',
          type: 'STRICT_DNS',
          connect_timeout: '1s',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: {
                // Pings find a control plane that is gone without a word.
                http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } },
              },
            },
          },
          load_assignment: {
            cluster_name: 'xds_cluster',
            endpoints: [
              {
                lb_endpoints: [
                  { endpoint: { address: { socket_address: { address: xds.host, port_value: xds.port } } } },
                ],
              },
            ],
          },
        },
      ],
    },
  };
}
