/** What a schema tells of a value that it refuses: as much of zod's issue as is needed here. */
interface RefusedValue {
  readonly input: unknown;
  readonly path?: readonly PropertyKey[] | undefined;
}

/** The longest part of a text that is quoted. */
const quotedLength = 80;

/**
 * Says of a field what is there, what must be there, and how that is written, in JSON, which is YAML too:
 * `is the string "tag:web", but must be a list of strings: write tags: ["tag:web"]`. `example` is the value to write.
 */
export function explainField(must: string, example: (input: unknown) => unknown): (refused: RefusedValue) => string {
  return ({ input, path = [] }) =>
    `${describeValue(input)}, but must be ${must}: ${remedyFor(input, path.at(-1), example(input))}`;
}

function remedyFor(input: unknown, key: PropertyKey | undefined, example: unknown): string {
  const value = JSON.stringify(example);
  if (typeof key !== 'string') return `write one such as ${value}`;
  const written = `${/^\w+$/.test(key) ? key : JSON.stringify(key)}: ${value}`;
  return isRounded(input) ? `write its digits in quotes, as in ${written}` : `write ${written}`;
}

/** `is the string "web"`, `is missing`. */
function describeValue(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === '') return 'is an empty string';
  if (Array.isArray(value)) return `is a list of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return describeText(value);
    case 'number':
    case 'bigint':
      return isRounded(value) ? 'is a number with more digits than numbers keep' : `is the number ${value}`;
    case 'boolean':
      return `is ${value}`;
    default:
      return value === null ? 'is null' : 'is an object';
  }
}

function describeText(text: string): string {
  const quoted = JSON.stringify(text.length > quotedLength ? `${text.slice(0, quotedLength)}…` : text);
  if (!text.isWellFormed()) return `is the string ${quoted} with half a character in it (a lone surrogate)`;
  return text.length > quotedLength
    ? `is a string of ${text.length} characters (${quoted})`
    : `is the string ${quoted}`;
}

function isRounded(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
