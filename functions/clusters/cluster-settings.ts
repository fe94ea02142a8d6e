import { type ClusterSettings } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';

/** The settings of all clusters, with defaults where the request leaves them empty. */
export interface Settings {
  readonly xdsTarget: string;
  readonly allowTargets: readonly string[];
  readonly trustedCaFile: string;
}

/** Fills in what a request leaves empty: the names of the chart, and where Envoy's image keeps the system's CAs. */
export function applyDefaults(settings: ClusterSettings | undefined): Settings {
  return {
    xdsTarget:
      settings?.xdsTarget ||
      'dns:///tailscale-gateway-extension-server.tailscale-gateway-system.svc.cluster.local:18000',
    allowTargets: settings?.allowTargets ?? [],
    trustedCaFile: settings?.trustedCaFile || '/etc/ssl/certs/ca-certificates.crt',
  };
}
