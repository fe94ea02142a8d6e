import { create } from '@bufbuild/protobuf';
import { anyTypes } from '../../functions/dataplane/any-types.ts';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { applyDefaults } from '../../functions/dataplane/settings.ts';
import { ComputeDataPlaneRequestSchema, DataPlaneService } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type { CallableFunction } from './callable-function.ts';

/** The data plane's function. */
export const dataplaneFunction: CallableFunction<
  typeof DataPlaneService.method.computeDataPlane.input,
  typeof DataPlaneService.method.computeDataPlane.output
> = {
  name: 'dataplane',
  method: DataPlaneService.method.computeDataPlane,
  compute: computeDataPlane,
  trim: (request) => request,
  probe: () => create(ComputeDataPlaneRequestSchema),
  findFault(request, { listener, apiListener, route, cluster }) {
    const { listenerName, routeName, clusterName, serviceName } = applyDefaults(request);
    const isWhole =
      listener?.name === listenerName &&
      apiListener !== undefined &&
      route?.name === routeName &&
      cluster?.name === clusterName &&
      cluster.edsClusterConfig?.serviceName === serviceName;
    return isWhole ? undefined : 'a listener, the route or the cluster is missing, or has another name';
  },
  repeats: true,
  anyTypes,
};
