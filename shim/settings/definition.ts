import type { Parser } from './parsers.ts';

/** One setting: where it comes from, what it is without that, and what it is for. */
export interface Definition<T> {
  /** Group of `--help`. */
  readonly group: 'Devices' | 'xDS' | 'Data plane' | 'Gateway' | 'Functions' | 'Process';
  /** Without its dashes; absent for secrets, which every user of a machine can read on a command line. */
  readonly flag?: string;
  readonly environment: string;
  /** As text, so that help and value have one source; absent: unset. */
  readonly fallback?: string;
  readonly parse: Parser<T>;
  readonly help: string;
}

type Unset<T> = Omit<Definition<T>, 'fallback'>;
type Given<T> = Definition<T> & { readonly fallback: string };

/** Value of a definition: never `undefined` where there is a default. */
export type Value<D> = D extends { fallback: string; parse: Parser<infer T> }
  ? T
  : D extends { parse: Parser<infer T> }
    ? T | undefined
    : never;

/** A setting with a default. */
export function given<T>(definition: Given<T>): Given<T> {
  return definition;
}

/** A setting that may be left out. */
export function unset<T>(definition: Unset<T>): Unset<T> {
  return definition;
}
