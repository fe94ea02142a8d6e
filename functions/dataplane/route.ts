import { create } from '@bufbuild/protobuf';
import { type RouteAction, RouteActionSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';
import { buildHashPolicy } from '../upstream/load-balancing.ts';
import { buildRetryPolicy } from '../upstream/retry-policy.ts';
import { type Settings } from './settings.ts';

/** Builds the one route that all requests take, whatever their host and path. */
export function buildRoute(settings: Settings): RouteConfiguration {
  const route = {
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: { case: 'route', value: buildRouteAction(settings) },
  } as const;
  return create(RouteConfigurationSchema, {
    name: settings.routeName,
    virtualHosts: [{ name: settings.clusterName, domains: ['*'], routes: [route] }],
  });
}

function buildRouteAction(settings: Settings): RouteAction {
  const retryPolicy = buildRetryPolicy(settings.retry);
  return create(RouteActionSchema, {
    clusterSpecifier: { case: 'cluster', value: settings.clusterName },
    hashPolicy: buildHashPolicy(settings.loadBalancing),
    ...(settings.requestTimeout === undefined ? {} : { timeout: settings.requestTimeout }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
  });
}
