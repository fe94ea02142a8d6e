/** Where the API server has the objects of a kind. */
export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** What is read of any object; the rest is carried as it stands. */
export interface KubeObject {
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** What is read of an object's metadata. */
export interface ObjectMeta {
  readonly name: string;
  /** Absent for kinds without namespaces. */
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFields[];
}

/**
 * The fields that one writer of an object owns.
 *
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: unknown;
}

/**
 * Path of an object, or of a collection without `name`; without `namespace`, of all namespaces or of a kind that has none.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
export function apiPath(
  { group, version, plural }: ApiResource,
  { namespace, name, subresource }: { namespace?: string | undefined; name?: string; subresource?: 'status' } = {},
): string {
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (namespace !== undefined && namespace !== '') parts.push('namespaces', namespace);
  parts.push(plural);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

/** What the API server sent, where it is an object with an identity. */
export function parseKubeObject(value: unknown): KubeObject | undefined {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return undefined;
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  if (!('name' in metadata) || typeof metadata.name !== 'string' || metadata.name === '') return undefined;
  // The API server's own answer: it holds what it says of metadata.
  return value as KubeObject;
}

/** `namespace/name`; of kinds without namespaces, `/name`. */
export function objectKey({ namespace = '', name }: Pick<ObjectMeta, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
