import type { ExplainedCluster, ExplainedRoute, Explanation } from './explanation.ts';
import type { AnsweredVirtualHost, HookAnswer } from './hook.ts';

/** What was answered last, for each object. */
export interface ExplanationBook {
  record(answer: HookAnswer): void;
  read(): Pick<Explanation, 'virtualHosts' | 'clusters' | 'routes'>;
}

/** A book of up to `limit` objects of each kind: those that were asked about last. */
export function createExplanationBook(limit: number): ExplanationBook {
  const virtualHosts = new Map<string, AnsweredVirtualHost>();
  const backendClusters = new Map<string, ExplainedCluster>();
  const routes = new Map<string, ExplainedRoute>();
  let injectedClusters: () => readonly ExplainedCluster[] = () => [];

  return {
    record(answer) {
      for (const entry of answer.virtualHosts ?? []) keep(virtualHosts, entry.name, entry, limit);
      for (const entry of answer.routes ?? []) keep(routes, entry.name, entry, limit);
      for (const entry of answer.clusters ?? []) keep(backendClusters, entry.name, entry, limit);
      injectedClusters = answer.injectedClusters ?? injectedClusters;
    },
    read: () => ({
      virtualHosts: sorted(virtualHosts).map((entry) => entry.explain()),
      clusters: [...injectedClusters(), ...sorted(backendClusters)],
      routes: sorted(routes),
    }),
  };
}

function keep<T>(entries: Map<string, T>, key: string, entry: T, limit: number): void {
  entries.delete(key);
  entries.set(key, entry);
  if (entries.size <= limit) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}

function sorted<T>(entries: ReadonlyMap<string, T>): T[] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}
