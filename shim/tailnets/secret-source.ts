/** Name of a Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** What is known of a Secret. */
export type SecretState =
  /** Nothing yet. */
  | { readonly kind: 'pending' }
  /** Its values by their keys, decoded; what is no text is left out. */
  | { readonly kind: 'found'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'missing' }
  /** It cannot be read, and never could. */
  | { readonly kind: 'unreadable'; readonly forbidden: boolean; readonly detail: string };

/** Where Secrets are read: an API server, or a folder. */
export interface SecretSource {
  /** Tells what is known of a Secret, now or soon, and again whenever that changes, until the answer is called. */
  watch(secret: SecretName, tell: (state: SecretState) => void): () => void;
}

/**
 * The values of a Secret in its fields `data` (base64) and `stringData` (which goes before it), as nobody has checked them.
 *
 * https://kubernetes.io/docs/concepts/configuration/secret/
 */
export function readSecretValues(fields: {
  readonly data?: unknown;
  readonly stringData?: unknown;
}): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of textsOf(fields.data)) {
    const decoded = decodeBase64(value);
    if (decoded !== undefined) values.set(key, decoded);
  }
  for (const [key, value] of textsOf(fields.stringData)) values.set(key, value);
  return values;
}

function textsOf(fields: unknown): readonly (readonly [string, string])[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function decodeBase64(text: string): string | undefined {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(compact, 'base64');
  const decoded = bytes.toString('utf8');
  return Buffer.from(decoded, 'utf8').equals(bytes) ? decoded : undefined;
}
