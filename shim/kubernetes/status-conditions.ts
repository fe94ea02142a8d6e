import { formatStatusTime } from '../custom-resources/status-time.ts';
import { isDeepStrictEqual } from 'node:util';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/ : a condition, but for the time that its status has held. */
export interface StatusCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** The status of a resource: conditions, and what else its kind has, as plain JSON. */
export interface ResourceStatus {
  readonly conditions: readonly StatusCondition[];
  readonly [field: string]: unknown;
}

/** Each condition with `lastTransitionTime`: what `observed` says while its status is the same, else now. */
export function withTransitionTimes(status: ResourceStatus, observed: unknown, nowMs: number): ResourceStatus {
  const before = new Map(conditionsOf(observed).map((condition) => [condition['type'], condition]));
  const now = formatStatusTime(nowMs);
  const conditions = status.conditions.map((condition) => {
    const known = before.get(condition.type);
    const since = known?.['status'] === condition.status ? known['lastTransitionTime'] : undefined;
    return Object.assign({}, condition, { lastTransitionTime: typeof since === 'string' ? since : now });
  });
  return { ...status, conditions };
}

/** Whether two statuses say the same, times of transitions and the fields of `but` aside. */
export function isSameStatus(a: unknown, b: unknown, but: readonly string[]): boolean {
  return isDeepStrictEqual(comparable(a, but), comparable(b, but));
}

function comparable(status: unknown, but: readonly string[]): unknown {
  if (typeof status !== 'object' || status === null) return {};
  const fields = Object.entries(status).filter(([name, value]) => !but.includes(name) && value !== undefined);
  const conditions = conditionsOf(status)
    .map((condition) => Object.assign({}, condition, { lastTransitionTime: undefined }))
    .toSorted((a, b) => (String(a['type']) < String(b['type']) ? -1 : 1));
  return { ...Object.fromEntries(fields), conditions };
}

function conditionsOf(status: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return [];
  const { conditions } = status;
  return Array.isArray(conditions) ? conditions.filter((each) => typeof each === 'object' && each !== null) : [];
}
