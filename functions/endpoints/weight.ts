import { parseWholeNumber } from './whole-number.ts';

/** The largest weight that a tag, an attribute or a group may give. */
const maxWeight = 1_000_000;

/** What a valid weight is, for people. */
export const weightRule = 'a weight is a whole number from 1 to 1000000';

/** Reads a weight; anything but a whole decimal number from 1 to 1,000,000 is none. */
export function parseWeight(text: string): number | undefined {
  return parseWholeNumber(text, 1, maxWeight);
}

/** Looks a weight up in a map of a group; values that no group may have count as absent. */
export function findWeight(weights: Readonly<Record<string, number>>, key: string): number | undefined {
  // A key may be any text, `constructor` too.
  const weight = Object.hasOwn(weights, key) ? weights[key] : undefined;
  return weight !== undefined && weight >= 1 && weight <= maxWeight ? weight : undefined;
}
