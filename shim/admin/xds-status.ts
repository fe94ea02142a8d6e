import type { XdsStreamStatus } from '../xds/observer.ts';
import type { ResourceView } from '../xds/resource-cache.ts';
import { type TypeUrl, typeUrls } from '../xds/resource.ts';
import { digestToVersion } from '../xds/subscription.ts';
import { listUpTo } from './listed.ts';
import type { ShimStatus, XdsTypeStatus } from './shim-status.ts';

/** What is served, and to whom. */
export function buildXdsStatus(
  view: (typeUrl: TypeUrl) => ResourceView,
  streams: readonly XdsStreamStatus[],
  limit: number,
): ShimStatus['xds'] {
  const order = (stream: XdsStreamStatus) => `${stream.nodeId} ${stream.peer} ${stream.typeUrl}`;
  const sorted = streams.toSorted(
    (a, b) => Number(isRefusing(b)) - Number(isRefusing(a)) || (order(a) < order(b) ? -1 : 1),
  );
  return {
    types: Object.values(typeUrls).map((typeUrl) => typeStatus(typeUrl, view(typeUrl))),
    streams: listUpTo(sorted, limit),
  };
}

/**
 * Whether a client has refused what it was sent last. With delta, a response that it accepts hides an earlier refusal of
 * another resource: that one is in the log.
 */
export function isRefusing({ sentVersion, nackedVersion }: XdsStreamStatus): boolean {
  return nackedVersion !== '' && nackedVersion === sentVersion;
}

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster`: `Cluster`. */
export function formatType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}

function typeStatus(typeUrl: TypeUrl, view: ResourceView): XdsTypeStatus {
  return { type: formatType(typeUrl), resources: view.wildcard().length, version: digestToVersion(view.digest) };
}
