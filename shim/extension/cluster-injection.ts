import type { EncodedCluster } from '../gateway/encoded-cluster.ts';
import { createWireReader } from '../grpc/wire-reader.ts';
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

/** Finds ours among clusters that are there. */
export type FindCluster = (request: Buffer, from: number, to: number) => MarkedCluster | undefined;

/**
 * Finds the one of `clusters` that has the name of an encoded `envoy.config.cluster.v3.Cluster`. Of very many that are there
 * hardly one has: a name is read only if it has the length of one of ours, and begins as they do.
 */
export function createClusterFinder(clusters: readonly MarkedCluster[]): FindCluster {
  const byName = new Map(clusters.map((cluster) => [cluster.name, cluster]));
  const lengths = new Set(clusters.map(({ name }) => Buffer.byteLength(name)));
  const firstBytes = new Set(clusters.map(({ name }) => Buffer.from(name)[0]));

  return (request, from, to) => {
    const length = request[from + 1] ?? 0;
    // The usual case: the name comes first, and its length has one byte.
    const isUsual = request[from] === 0x0a && length > 0 && length < 0x80;
    if (isUsual && !(lengths.has(length) && firstBytes.has(request[from + 2]))) return undefined;
    return byName.get(readClusterName(request.subarray(from, to)));
  };
}

/** Reads no further than the name. Empty for bytes that are no cluster. */
function readClusterName(cluster: Buffer): string {
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
