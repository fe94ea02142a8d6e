import type { EncodedCluster } from '../gateway/gateway-state.ts';
import { createWireReader } from '../xds/wire-reader.ts';
import { encodeMark, isMarked } from './mark.ts';

/** A cluster of ours, marked as such. */
export interface MarkedCluster {
  readonly name: string;
  readonly body: Buffer;
  readonly endpoint: EncodedCluster['endpoint'];
}

/** Marks clusters; the same list for the same list. */
export function markClusters(clusters: readonly EncodedCluster[]): readonly MarkedCluster[] {
  const known = marked.get(clusters);
  if (known !== undefined) return known;
  const result = clusters.map(({ name, body, endpoint }) => ({
    name,
    body: Buffer.concat([body, encodeMark('cluster')]),
    endpoint,
  }));
  marked.set(clusters, result);
  return result;
}

const marked = new WeakMap<readonly EncodedCluster[], readonly MarkedCluster[]>();

/** What is done with a cluster that is there and has the name of one of ours: the same one, an older one, or another's. */
export type ClusterMeeting = 'same' | 'outdated' | 'foreign';

/** Compares a cluster that is there with ours of its name. */
export function meetCluster(there: Buffer, ours: MarkedCluster): ClusterMeeting {
  if (there.equals(ours.body)) return 'same';
  return isMarked('cluster', there) ? 'outdated' : 'foreign';
}

/** The name of an encoded `envoy.config.cluster.v3.Cluster`; reads no further. Empty for bytes that are none. */
export function readClusterName(cluster: Buffer): string {
  const reader = createWireReader(cluster);
  try {
    while (reader.next()) {
      if (reader.field === 1) return reader.text();
      reader.skip();
    }
  } catch {
    // It goes back as it came, and Envoy Gateway refuses it.
  }
  return '';
}
