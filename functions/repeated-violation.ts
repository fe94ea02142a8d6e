import { type FieldViolation } from './serving/field-violation.ts';

/**
 * Finds the items of a list that are there already.
 *
 * @param list the list's name in the request
 * @param field what must be unique in its items; empty: the item itself
 */
export function findRepeated(list: string, field: string, values: readonly string[]): FieldViolation[] {
  const firsts = new Map<string, number>();
  const violations: FieldViolation[] = [];
  for (const [index, value] of values.entries()) {
    const first = firsts.get(value);
    if (first === undefined) {
      firsts.set(value, index);
      continue;
    }
    const message = `must be unique, but ${list}[${first}] and ${list}[${index}] have the same`;
    const path = field === '' ? `${list}[${index}]` : `${list}[${index}].${field}`;
    violations.push({ path, rule: `${list}.unique`, message });
  }
  return violations;
}
