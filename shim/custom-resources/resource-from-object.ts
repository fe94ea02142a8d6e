import { type CustomResource, type ResourceKind, resourceKinds } from './resource-source.ts';

/** What a Kubernetes object came to: a resource, nothing of ours, or a sentence that says what is wrong with it. */
export type ResourceOrFault =
  | { readonly kind: 'resource'; readonly resource: CustomResource }
  | { readonly kind: 'other' }
  | { readonly kind: 'fault'; readonly detail: string };

const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The group whose versions are ours to know; those of others say the same in the fields that are read. */
const ownGroup = 'gateway.tailscale.com';

/** Kinds without namespaces. */
const clusterKinds: ReadonlySet<ResourceKind> = new Set(['GatewayClass']);

/** Reads the identity of a Kubernetes object as plain JSON: of one of {@link resourceKinds}. */
export function resourceFromObject(object: unknown, place = '', defaultNamespace = 'default'): ResourceOrFault {
  if (!isRecord(object)) return { kind: 'other' };
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isResourceKind(kind)) return { kind: 'other' };
  const { group, version } = resourceKinds[kind];
  if (group === '' ? apiVersion !== version : !apiVersion.startsWith(`${group}/`)) return { kind: 'other' };
  if (group === ownGroup && apiVersion !== `${group}/${version}`) {
    return fault(`apiVersion must be ${group}/${version}: there is no other one yet`);
  }
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const name = metadata['name'];
  if (typeof name !== 'string' || name.length > 253 || !namePattern.test(name)) {
    return fault('metadata.name must be the name of an object: lower-case letters, digits, hyphens and dots');
  }
  const namespace = clusterKinds.has(kind) ? '' : (metadata['namespace'] ?? defaultNamespace);
  if (
    typeof namespace !== 'string' ||
    (!clusterKinds.has(kind) && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))
  ) {
    return fault('metadata.namespace must consist of lower-case letters, digits and hyphens');
  }
  return {
    kind: 'resource',
    resource: {
      kind,
      namespace,
      name,
      uid: text(metadata['uid']),
      generation: wholeNumber(metadata['generation']),
      createdMs: time(metadata['creationTimestamp']),
      labels: texts(metadata['labels']),
      spec: kind === 'Secret' ? { data: object['data'], stringData: object['stringData'] } : object['spec'],
      place,
    },
  };
}

function fault(detail: string): ResourceOrFault {
  return { kind: 'fault', detail };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isResourceKind(kind: string): kind is ResourceKind {
  return Object.hasOwn(resourceKinds, kind);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const wholeNumber = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : 0);

/** Milliseconds of a time, which YAML and client-node may have made a Date; 0 for what is none. */
function time(value: unknown): number {
  const ms = value instanceof Date ? value.getTime() : Date.parse(text(value));
  return ms > 0 ? ms : 0;
}

function texts(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(entries) as Record<string, string>;
}
