# All that this Envoy knows of itself: where its control plane is. Listener, routes, cluster and endpoints come from there.
admin:
  address:
    socket_address: { address: 127.0.0.1, port_value: 9901 }
dynamic_resources:
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    set_node_on_first_message_only: true
    grpc_services:
      - envoy_grpc: { cluster_name: xds_cluster }
  cds_config: { ads: {}, resource_api_version: V3 }
  lds_config: { ads: {}, resource_api_version: V3 }
static_resources:
  clusters:
    - name: xds_cluster
      # An address as well as a name.
      type: STRICT_DNS
      connect_timeout: 5s
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config:
            # Pings find a control plane that is gone without a word.
            http2_protocol_options: { connection_keepalive: { interval: 30s, timeout: 5s } }
      load_assignment:
        cluster_name: xds_cluster
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address:
                    socket_address:
                      address: {{ required "controlPlaneHost must be set to the control plane's address in the tailnet, as `tailscale status` says it: --set controlPlaneHost=100.x.y.z" .Values.controlPlaneHost | quote }}
                      port_value: {{ int .Values.controlPlanePort }}
