import { createRegistry } from '@bufbuild/protobuf';
import type { DescService } from '@bufbuild/protobuf';

import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from '../../proto/gen/envoy/config/listener/v3/listener_pb.ts';
import { RouteConfigurationSchema } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';
import { ClusterDiscoveryService } from '../../proto/gen/envoy/service/cluster/v3/cds_pb.ts';
import { AggregatedDiscoveryService } from '../../proto/gen/envoy/service/discovery/v3/ads_pb.ts';
import { EndpointDiscoveryService } from '../../proto/gen/envoy/service/endpoint/v3/eds_pb.ts';
import { ListenerDiscoveryService } from '../../proto/gen/envoy/service/listener/v3/lds_pb.ts';
import { RouteDiscoveryService } from '../../proto/gen/envoy/service/route/v3/rds_pb.ts';
import type { XdsStreamKind } from './observer.ts';
import { typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';

/** A discovery service, and the type that it is for; undefined: all. */
interface DiscoveryService {
  readonly service: DescService;
  readonly typeUrl: TypeUrl | undefined;
}

/** The discovery services, each with a state-of-the-world and an incremental method. */
export const discoveryServices: readonly DiscoveryService[] = [
  { service: AggregatedDiscoveryService, typeUrl: undefined },
  { service: ClusterDiscoveryService, typeUrl: typeUrls.cluster },
  { service: EndpointDiscoveryService, typeUrl: typeUrls.endpoint },
  { service: ListenerDiscoveryService, typeUrl: typeUrls.listener },
  { service: RouteDiscoveryService, typeUrl: typeUrls.route },
];

/** The messages that stand in the `Any`s of responses. */
export const resourceTypes = createRegistry(
  ClusterSchema,
  ClusterLoadAssignmentSchema,
  ListenerSchema,
  RouteConfigurationSchema,
);

/** What the streaming methods of {@link discoveryServices} are for, by request path. The unary ones (REST) are left out. */
export function discoveryMethods(): ReadonlyMap<string, XdsStreamKind> {
  const methods = new Map<string, XdsStreamKind>();
  for (const { service, typeUrl } of discoveryServices) {
    for (const { name, methodKind } of service.methods) {
      if (methodKind !== 'bidi_streaming') continue;
      const variant = name.startsWith('Delta') ? 'delta' : 'sotw';
      methods.set(`/${service.typeName}/${name}`, { variant, typeUrl });
    }
  }
  return methods;
}
