import { create } from '@bufbuild/protobuf';
import { anyTypes } from '../../functions/clusters/any-types.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { applyDefaults } from '../../functions/clusters/cluster-settings.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { resolveServices } from '../../functions/service-endpoint/service.ts';
import { ClusterService, ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { CallableFunction } from './callable-function.ts';
import { findDestinationFault } from './cluster-destination.ts';

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
    for (const { endpoint } of [...clusters, ...refused]) {
      if (!asked.delete(formatReference(endpoint))) return 'an endpoint is answered that was not asked about, or twice';
    }
    const settings = applyDefaults(request);
    const { services } = resolveServices(request.endpoints, settings.allowTargets);
    const byReference = new Map(services.map((service) => [formatReference(service.ref), service]));
    for (const { cluster, endpoint, group } of clusters) {
      const service = byReference.get(formatReference(endpoint));
      if (cluster === undefined || service === undefined) return 'a cluster is missing, or one too many';
      const wanted = service.upstream.kind === 'group' ? service.upstream.group : '';
      const fault =
        group === wanted ? findDestinationFault(cluster, service, settings) : 'a cluster is of another group';
      if (fault !== undefined) return fault;
    }
    return asked.size > 0 ? `${asked.size} of the endpoints that were asked about are not answered` : undefined;
  },
  repeats: true,
  anyTypes,
};
