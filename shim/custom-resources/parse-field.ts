import type { z } from 'zod';
import type { Finding } from './finding.ts';

/** A checked part of a resource: its value, unless something in it is wrong. */
export interface ParsedField<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

/** What findings of a part are about. */
export interface FieldPlace {
  /** Where the part stands: `spec.endpoints[2]`. */
  readonly path: string;
  readonly endpoint: string;
  /** What is lost when it is wrong. */
  readonly effect: Finding['effect'];
}

/**
 * Checks a part of a resource that came from outside. As an API server does, it takes a null for an absent field, half a
 * character (a lone surrogate) for one that cannot be shown, and passes over unknown fields, but says so.
 */
export function parseField<S extends z.ZodType>(
  schema: S,
  input: unknown,
  place: FieldPlace,
): ParsedField<z.output<S>> {
  const value = normalize(input);
  const first = schema.safeParse(value);
  if (first.success) return { value: first.data, findings: [] };
  const unknown = first.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
  const ignored = unknownFields(unknown, place);
  for (const issue of unknown) removeKeys(value, issue.path, issue.keys);
  const second = unknown.length > 0 ? schema.safeParse(value) : first;
  return second.success
    ? { value: second.data, findings: ignored }
    : { value: undefined, findings: [...ignored, ...issuesToFindings(second.error.issues, value, place)] };
}

type Path = readonly PropertyKey[];

/** How many unknown fields of a part are told. */
const maxTold = 20;

function unknownFields(issues: readonly z.core.$ZodIssueUnrecognizedKeys[], place: FieldPlace): Finding[] {
  const paths = issues.flatMap((issue) => issue.keys.map((key) => [...issue.path, key]));
  const told = paths.slice(0, maxTold).map((path) => unknownField(path, place));
  if (paths.length <= maxTold) return told;
  const detail = `${place.path}: has ${paths.length - maxTold} more fields that there are not; remove them`;
  return [...told, { ...place, reason: 'UnknownField', effect: 'field-ignored', detail }];
}

function unknownField(path: Path, place: FieldPlace): Finding {
  const at = pathToText(place.path, path);
  return {
    reason: 'UnknownField',
    path: at,
    effect: 'field-ignored',
    endpoint: place.endpoint,
    detail: `${at}: there is no such field; remove it or correct its name`,
  };
}

/** One finding for each place: the first problem there is the plainest. */
function issuesToFindings(issues: readonly z.core.$ZodIssue[], value: unknown, place: FieldPlace): Finding[] {
  const byPath = new Map<string, Finding>();
  for (const issue of issues) {
    const path = pathToText(place.path, issue.path);
    if (byPath.has(path)) continue;
    const found = valueAt(value, issue.path);
    const opening =
      found === undefined
        ? `${path} is missing: it`
        : isScalar(found)
          ? `${path} is ${JSON.stringify(shortened(found))}: it`
          : `${path}:`;
    byPath.set(path, {
      reason: 'Invalid',
      path,
      effect: place.effect,
      endpoint: place.endpoint,
      detail: `${opening} ${messageOf(issue)}`,
    });
  }
  return [...byPath.values()];
}

/** Schemas say what they want in words of their own, but for what is no object. */
function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.expected === 'object' ? 'must be an object with fields' : issue.message;
}

function pathToText(prefix: string, path: Path): string {
  return prefix + path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = at[key as keyof typeof at];
  }
  return at;
}

const isScalar = (value: unknown): boolean => typeof value !== 'object';

const shortened = (value: unknown): unknown =>
  typeof value === 'string' && value.length > 100 ? `${value.slice(0, 100)}…` : value;

function removeKeys(root: unknown, path: Path, keys: readonly string[]): void {
  const parent = valueAt(root, path);
  if (typeof parent !== 'object' || parent === null) return;
  for (const key of keys) Reflect.deleteProperty(parent, key);
}

/** Deeper than any field. */
const maxDepth = 32;

/** A copy without the fields that are null, without half characters, and without what is nested deeper than any field is. */
function normalize(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) return undefined;
  if (Array.isArray(value)) return value.map((item) => normalize(item, depth + 1));
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([key, field]) => [key, normalize(field, depth + 1)]));
}
