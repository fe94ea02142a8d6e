import { parseWeight } from './weight.ts';

/** What a tag says about weight. */
export type TagWeight =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly weight: number }
  | { readonly kind: 'invalid' };

/**
 * Reads the weight in a tag: `tag:weight-2`, or with any prefix that ends in a hyphen,
 * `tag:eu-weight-2`. What follows the last such `weight-` must be the number and nothing else:
 * `tag:weight-0`, `tag:weight-x` and `tag:weight-2-blue` are invalid. A tag without `weight-` as a
 * word of its own says nothing about weight: `tag:overweight-2`, `tag:web`.
 */
export function parseTagWeight(tag: string): TagWeight {
  const match = /^tag:(?:.*-)?weight-(.*)$/s.exec(tag);
  if (match === null) {
    return { kind: 'none' };
  }
  const weight = parseWeight(match[1] ?? '');
  return weight === undefined ? { kind: 'invalid' } : { kind: 'valid', weight };
}
