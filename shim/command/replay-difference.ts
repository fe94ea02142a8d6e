import type { JsonValue } from '@bufbuild/protobuf';

/** One place where two answers differ; `was` or `is` is absent where it was not there. */
export interface Difference {
  /** Such as `groups[web].localities[0].weight`. */
  readonly path: string;
  readonly was?: JsonValue;
  readonly is?: JsonValue;
}

/** Where two answers differ, in their order. Elements of lists that have names are compared by name, others by place. */
export function findDifferences(was: JsonValue, is: JsonValue, path = ''): Difference[] {
  if (Array.isArray(was) && Array.isArray(is)) return compareLists(was, is, path);
  if (isRecord(was) && isRecord(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return keys.flatMap((key) => compare(was[key], is[key], path === '' ? key : `${path}.${key}`));
  }
  return was === is ? [] : [{ path, was, is }];
}

function compare(was: JsonValue | undefined, is: JsonValue | undefined, path: string): Difference[] {
  if (was === undefined) return is === undefined ? [] : [{ path, is }];
  return is === undefined ? [{ path, was }] : findDifferences(was, is, path);
}

function compareLists(was: readonly JsonValue[], is: readonly JsonValue[], path: string): Difference[] {
  const before = byKey(was);
  const after = byKey(is);
  if (before === undefined || after === undefined) {
    const length = Math.max(was.length, is.length);
    return Array.from({ length }, (_, i) => compare(was[i], is[i], `${path}[${i}]`)).flat();
  }
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const differences = keys.flatMap((key) => compare(before.get(key), after.get(key), `${path}[${key}]`));
  const kept = (map: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>) =>
    [...map.keys()].filter((key) => other.has(key)).join(', ');
  const [order, next] = [kept(before, after), kept(after, before)];
  return order === next ? differences : [...differences, { path: `${path} (order)`, was: order, is: next }];
}

/** The elements by what names each of them; undefined where that is nothing, or not unique. */
function byKey(list: readonly JsonValue[]): ReadonlyMap<string, JsonValue> | undefined {
  const map = new Map<string, JsonValue>();
  for (const element of list) {
    const key = keyOf(element);
    if (key === undefined || map.has(key)) return undefined;
    map.set(key, element);
  }
  return map;
}

function keyOf(element: JsonValue): string | undefined {
  if (!isRecord(element)) return undefined;
  const { name, deviceId, subject, cluster, endpoint, region, zone, priority } = element;
  if (typeof name === 'string') return name;
  if (typeof deviceId === 'string') return typeof subject === 'string' ? `${deviceId} ${subject}` : deviceId;
  if (cluster !== undefined) return keyOf(cluster);
  if (isRecord(endpoint))
    return [endpoint['namespace'], endpoint['resource'], endpoint['endpoint']].map(word).join('/');
  return typeof region === 'string' ? [region, zone, priority].map(word).join(' ').trim() : undefined;
}

function word(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
}

function isRecord(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
