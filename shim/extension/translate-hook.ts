import { formatReference } from '../../functions/service-endpoint/reference.ts';
import {
  createClusterFinder,
  markClusters,
  meetCluster,
  type ClusterMeeting,
  type MarkedCluster,
} from './cluster-injection.ts';
import type { ExplainedCluster } from './explanation.ts';
import type { AnsweredVirtualHost, HookAnswer, HookInputs } from './hook.ts';
import type { ResponseBody } from './response-body.ts';
import { extendRouteConfiguration, type ExtendedRouteConfiguration } from './route-configuration.ts';
import { rewriteTranslation, translationFields } from './translation.ts';

/**
 * PostTranslateModify: the clusters behind injected routes are added, all of them: a request does not say which gateway it
 * is of, and one that no route uses does no harm. A cluster of another that has the name of one of ours stays. Route
 * configurations without virtual hosts get one. Clusters, secrets, listeners and routes all come back, in order.
 */
export function modifyTranslation(request: Buffer, inputs: HookInputs): HookAnswer {
  const ours = markClusters(inputs.state.clusters);
  const findCluster = createClusterFinder(ours);
  const met = new Map<string, ClusterMeeting>();
  const virtualHosts: AnsweredVirtualHost[] = [];

  const rewritten = rewriteTranslation(request, (field, from, to) => {
    if (field === translationFields.clusters) {
      const cluster = findCluster(request, from, to);
      if (cluster === undefined) return undefined;
      const meeting = meetCluster(request.subarray(from, to), cluster);
      met.set(cluster.name, meeting);
      return meeting === 'outdated' ? [cluster.body] : undefined;
    }
    if (field !== translationFields.routes) return undefined;
    const extended = tryExtend(request.subarray(from, to), inputs);
    if (extended === undefined) return undefined;
    virtualHosts.push({ name: extended.name, explain: extended.explain });
    return extended.parts;
  });

  const appended = ours.filter(({ name }) => !met.has(name)).map(({ body }) => body);
  return {
    body: rewritten.toBody(appended),
    changed: appended.length > 0 || rewritten.changed,
    virtualHosts,
    injectedClusters: explainClusters(ours, met),
  };
}

/** All resources as they came, under the numbers of the response. */
export function passTranslation(request: Buffer): ResponseBody {
  return rewriteTranslation(request, () => undefined).toBody([]);
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

/** On its own, so that what is kept to be explained does not keep the request. */
function explainClusters(
  clusters: readonly MarkedCluster[],
  met: ReadonlyMap<string, ClusterMeeting>,
): () => ExplainedCluster[] {
  return () =>
    clusters.map(({ name, endpoint }) => explainCluster(name, formatReference(endpoint), met.get(name) === 'foreign'));
}

function explainCluster(name: string, endpoint: string, isForeign: boolean): ExplainedCluster {
  const detail = isForeign
    ? 'the gateway has another cluster of this name, which stays: injected routes of this name lead there.'
    : 'added to every gateway.';
  return { name, hook: 'PostTranslateModify', injected: !isForeign, detail, endpoints: [endpoint], refused: [] };
}
