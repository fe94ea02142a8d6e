import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { markClusters, meetCluster, readClusterName, type ClusterMeeting } from './cluster-injection.ts';
import type { ExplainedCluster } from './explanation.ts';
import type { AnsweredVirtualHost, HookAnswer, HookInputs } from './hook.ts';
import type { ResponseBody } from './response-body.ts';
import { extendRouteConfiguration, type ExtendedRouteConfiguration } from './route-configuration.ts';
import { readTranslation, translationFields, translationToBody } from './translation.ts';

/**
 * PostTranslateModify: the clusters behind injected routes are added, all of them: a request does not say which gateway it
 * is of, and one that no route uses does no harm. A cluster of another that has the name of one of ours stays. Route
 * configurations without virtual hosts get one. Clusters, secrets, listeners and routes all come back, in order.
 */
export function modifyTranslation(request: Buffer, inputs: HookInputs): HookAnswer {
  const ours = markClusters(inputs.state.clusters);
  const byName = new Map(ours.map((cluster) => [cluster.name, cluster]));
  const replaced = new Map<number, readonly Uint8Array[]>();
  const met = new Map<string, ClusterMeeting>();
  const virtualHosts: AnsweredVirtualHost[] = [];

  for (const { field, start, body } of readTranslation(request)) {
    if (field === translationFields.clusters) {
      const cluster = byName.get(readClusterName(body));
      if (cluster === undefined) continue;
      const meeting = meetCluster(body, cluster);
      met.set(cluster.name, meeting);
      if (meeting === 'outdated') replaced.set(start, [cluster.body]);
    } else if (field === translationFields.routes) {
      const extended = tryExtend(body, inputs);
      if (extended === undefined) continue;
      replaced.set(start, extended.parts);
      virtualHosts.push(extended);
    }
  }

  const appended = ours.filter(({ name }) => !met.has(name));
  return {
    body: translationToBody(request, { replaced, appended: appended.map(({ body }) => body) }),
    changed: appended.length > 0 || replaced.size > 0,
    virtualHosts,
    injectedClusters: () =>
      ours.map(({ name, endpoint }) => explainCluster(name, formatReference(endpoint), met.get(name) === 'foreign')),
  };
}

/** All resources as they came, under the numbers of the response. */
export function passTranslation(request: Buffer): ResponseBody {
  return translationToBody(request, { replaced: new Map(), appended: [] });
}

/** A route configuration whose handling panics stays as it is. */
function tryExtend(routeConfiguration: Buffer, inputs: HookInputs): ExtendedRouteConfiguration | undefined {
  if (inputs.expired()) return undefined;
  try {
    return extendRouteConfiguration(routeConfiguration, inputs);
  } catch (err) {
    inputs.leftOut('a route configuration', err);
    return undefined;
  }
}

function explainCluster(name: string, endpoint: string, isForeign: boolean): ExplainedCluster {
  const detail = isForeign
    ? 'the gateway has another cluster of this name, which stays: injected routes of this name lead there.'
    : 'added to every gateway.';
  return { name, hook: 'PostTranslateModify', injected: !isForeign, detail, endpoints: [endpoint], refused: [] };
}
