/**
 * Where two values of JSON differ first: `properties.spec.required`; undefined: they are the same. The order of keys does
 * not count.
 */
export function findDifference(left: unknown, right: unknown): string | undefined {
  if (Object.is(left, right)) return undefined;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return '';
  for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted()) {
    const place = findDifference(left[key], right[key]);
    if (place !== undefined) return place === '' ? key : `${key}.${place}`;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
