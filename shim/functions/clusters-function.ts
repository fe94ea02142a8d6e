import { create } from '@bufbuild/protobuf';
import { anyTypes } from '../../functions/clusters/any-types.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { ClusterService, ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { CallableFunction } from './callable-function.ts';

/** The clusters function. */
export const clustersFunction: CallableFunction<
  typeof ClusterService.method.computeClusters.input,
  typeof ClusterService.method.computeClusters.output
> = {
  name: 'clusters',
  method: ClusterService.method.computeClusters,
  compute: computeClusters,
  trim: (request) => request,
  probe: () => create(ComputeClustersRequestSchema),
  findFault(request, { clusters, refused }) {
    const asked = new Set(request.endpoints.map(({ ref }) => formatReference(ref)));
    const names = new Set<string>();
    for (const { endpoint } of [...clusters, ...refused]) {
      if (!asked.delete(formatReference(endpoint))) return 'an endpoint is answered that was not asked about, or twice';
    }
    for (const { cluster } of clusters) {
      if (cluster === undefined || cluster.name === '') return 'a cluster is missing, or has no name';
      if (names.has(cluster.name)) return 'two clusters have one name';
      names.add(cluster.name);
    }
    return asked.size > 0 ? `${asked.size} of the endpoints that were asked about are not answered` : undefined;
  },
  repeats: true,
  anyTypes,
};
