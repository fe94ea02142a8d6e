import type { DescService } from '@bufbuild/protobuf';

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
