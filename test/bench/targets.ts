import type { Comparison, Figures, Workload } from './measure.ts';

/** A ratio that Tailway's server has to keep to one of the caches. */
export interface Target {
  readonly cache: 'snapshot' | 'linear';
  readonly figure: keyof Figures;
  readonly limit: number;
}

/** A target, and what came of it. */
export interface Verdict {
  readonly target: Target;
  readonly ratio: number;
  readonly met: boolean;
}

/** The targets of a workload; the scale scenarios and small fan-outs have none. */
function targetsOf({ scenario, streams }: Workload): readonly Target[] {
  if (scenario !== 'fanout' || streams < 1000) return [];
  const [snapshotCpu, linearCpu] = streams < 5000 ? [0.4, 0.85] : [0.3, 0.65];
  return [
    { cache: 'snapshot', figure: 'cpuMs', limit: snapshotCpu },
    { cache: 'linear', figure: 'cpuMs', limit: linearCpu },
    { cache: 'linear', figure: 'p99Ms', limit: 1 },
    { cache: 'snapshot', figure: 'kibPerStream', limit: 0.65 },
    { cache: 'linear', figure: 'kibPerStream', limit: 0.65 },
    ...(streams < 5000 ? [{ cache: 'linear', figure: 'connectMs', limit: 1.5 } as const] : []),
  ];
}

/** Judges the figures of a workload. */
export function judge(workload: Workload, comparison: Comparison): readonly Verdict[] {
  return targetsOf(workload).map((target) => {
    const ratio = comparison.tailway[target.figure] / comparison[target.cache][target.figure];
    return { target, ratio, met: ratio <= target.limit };
  });
}
