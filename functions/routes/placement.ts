import { type PreparedRoute, relateRoute } from './existing-route.ts';

/** Where a route goes, or the route of the gateway with the same match, behind which it would never be reached. */
export type Placement =
  | {
      readonly kind: 'placed';
      /** Index among the gateway's routes that it goes before. */
      readonly before: number;
      /** The route that takes its requests all the same; empty: none. */
      readonly shadowedBy: string;
      readonly detail: string;
    }
  | { readonly kind: 'shadowed'; readonly by: string };

/**
 * Finds the place of a route: right before the first route that is less specific, but behind every one that is more
 * specific or equal. Where one place can't be both, the gateway's own routes keep what they had.
 */
export function placeRoute(
  routes: readonly PreparedRoute[],
  injected: { readonly path: string; readonly conditions: number; readonly headers: string },
): Placement {
  let earliest = 0;
  let catchAll: number | undefined;
  for (let index = 0; index < routes.length; index++) {
    const route = routes[index];
    if (route === undefined) continue;
    switch (relateRoute(route, injected)) {
      case 'same':
        return { kind: 'shadowed', by: formatRoute(routes, index) };
      case 'before':
        earliest = index + 1;
        break;
      case 'after':
        catchAll ??= index;
        break;
      default:
    }
  }
  if (catchAll === undefined) {
    return {
      kind: 'placed',
      before: routes.length,
      shadowedBy: '',
      detail: 'At the end: no other route is in its way.',
    };
  }
  const name = formatRoute(routes, catchAll);
  if (catchAll >= earliest) {
    return { kind: 'placed', before: catchAll, shadowedBy: '', detail: `Ahead of ${name}, which is less specific.` };
  }
  const detail = `Behind ${formatRoute(routes, earliest - 1)}, which is more specific, and so behind ${name}, which takes its requests.`;
  return { kind: 'placed', before: earliest, shadowedBy: name, detail };
}

/** A route without a name is told by its place. */
function formatRoute(routes: readonly PreparedRoute[], index: number): string {
  return routes[index]?.name || `the route at index ${index}`;
}
