import type { EncodedRoute } from './route-decision.ts';
import type { RoutePosition } from './virtual-host-lens.ts';

/**
 * The bytes of a virtual host with `routes` in their places and without those that were injected before. All else, known or
 * not, stays in its place as it is; where nothing is injected, the bytes are the same.
 */
export function spliceRoutes(
  virtualHost: Buffer,
  positions: readonly RoutePosition[],
  routes: readonly EncodedRoute[],
): Uint8Array[] {
  const own = positions.filter(({ injected }) => !injected);
  const places = groupByPlace(routes, own.length);
  const parts: Uint8Array[] = [];
  let copied = 0;
  let index = 0;
  const copyTo = (end: number) => {
    if (end > copied) parts.push(virtualHost.subarray(copied, end));
    copied = end;
  };
  // One by one: there may be more of them than arguments of a call.
  const place = (at: number) => {
    for (const record of places.get(at) ?? []) parts.push(record);
  };
  for (const { start, end, injected } of positions) {
    copyTo(start);
    if (injected) copied = end;
    else {
      place(index);
      index += 1;
      // After the last route, not after what follows it: there the next splice would put it too.
      if (index === own.length) {
        copyTo(end);
        place(index);
      }
    }
  }
  copyTo(virtualHost.length);
  if (own.length === 0) place(0);
  return parts;
}

/** The records that stand before each index, in the order given. */
function groupByPlace(routes: readonly EncodedRoute[], count: number): ReadonlyMap<number, readonly Uint8Array[]> {
  const places = new Map<number, Uint8Array[]>();
  for (const { record, before } of routes) {
    const place = Math.min(before, count);
    const parts = places.get(place) ?? [];
    parts.push(record);
    places.set(place, parts);
  }
  return places;
}
