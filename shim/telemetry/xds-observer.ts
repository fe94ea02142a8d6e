import type { Metrics } from './metrics.ts';
import type { XdsObserver, XdsStreamKind } from '../xds/observer.ts';
import { type TypeUrl, typeUrls } from '../xds/resource.ts';

/**
 * Counts what the xDS server does; `onEndpoints` is told when a client has answered for endpoints, or is gone. Refusals count
 * from 0, since an increase from nothing is none to Prometheus.
 */
export function createXdsObserver(metrics: Metrics, onEndpoints: () => void): Partial<XdsObserver> {
  for (const type of Object.values(typeLabels)) metrics.xdsNacks.inc({ type }, 0);
  return {
    connectionOpened: () => metrics.xdsConnections.inc(),
    connectionClosed: () => metrics.xdsConnections.dec(),
    streamOpened: (stream) => metrics.xdsStreams.inc(streamLabels(stream)),
    streamClosed(stream) {
      metrics.xdsStreams.dec(streamLabels(stream));
      onEndpoints();
    },
    pushed({ typeUrl, resources, bytes }) {
      const type = typeLabels[typeUrl];
      metrics.xdsPushes.inc({ type });
      metrics.xdsResources.inc({ type }, resources);
      metrics.xdsBytes.inc({ type }, bytes);
    },
    acked({ typeUrl }) {
      metrics.xdsAcks.inc({ type: typeLabels[typeUrl] });
      if (typeUrl === typeUrls.endpoint) onEndpoints();
    },
    nacked({ typeUrl }) {
      metrics.xdsNacks.inc({ type: typeLabels[typeUrl] });
      if (typeUrl === typeUrls.endpoint) onEndpoints();
    },
    converged: ({ ms }) => metrics.xdsConvergence.observe(ms / 1000),
  };
}

const typeLabels = {
  [typeUrls.cluster]: 'cluster',
  [typeUrls.endpoint]: 'endpoint',
  [typeUrls.listener]: 'listener',
  [typeUrls.route]: 'route',
} as const satisfies Record<TypeUrl, string>;

function streamLabels({ typeUrl, variant }: XdsStreamKind): { service: string; variant: string } {
  return { service: typeUrl === undefined ? 'aggregated' : typeLabels[typeUrl], variant };
}
