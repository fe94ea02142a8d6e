import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { KubeClient } from '../../shim/kubernetes/kube-client.ts';
import { type CustomResourceDefinition, crdsPath } from '../cluster/served-crd.ts';

type Schema = { [field: string]: unknown };

/**
 * Writes the schemas of all that an API server serves, CRDs too, into `folder`, one file for each kind, closed: a field that
 * is not known is an error. Returns the template of their names for kubeconform.
 *
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
 */
export async function writeSchemas(client: KubeClient, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const files = await waitFor('the schemas of all CRDs', async () => {
    const signal = AbortSignal.timeout(60_000);
    const found = await readSchemas(client, signal);
    const expected = await kindsOfCrds(client, signal);
    // It describes them a moment after it serves them.
    return expected.every((kind) => found.has(fileOf(kind))) ? found : undefined;
  });
  for (const [file, text] of files) await writeFile(join(folder, file), text);
  return join(folder, '{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json');
}

/** The text of each file by its name. */
async function readSchemas(client: KubeClient, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const { paths } = (await client.request({ path: '/openapi/v3', signal })) as { paths: Record<string, unknown> };
  for (const path of Object.keys(paths).filter((path) => /^apis?\/.*v\d/.test(path))) {
    const { components } = (await client.request({ path: `/openapi/v3/${path}`, signal })) as {
      components?: { schemas?: Record<string, Schema> };
    };
    const schemas = components?.schemas ?? {};
    const closed = { schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, close(schema)])) };
    for (const [id, schema] of Object.entries(schemas)) {
      const kinds = schema['x-kubernetes-group-version-kind'] as readonly GroupVersionKind[] | undefined;
      // Some, such as DeleteOptions, belong to every group.
      if (kinds?.length !== 1) continue;
      files.set(fileOf(kinds[0]), JSON.stringify({ $ref: `#/components/schemas/${id}`, components: closed }));
    }
  }
  return files;
}

async function kindsOfCrds(client: KubeClient, signal: AbortSignal): Promise<readonly GroupVersionKind[]> {
  const { items } = (await client.request({ path: crdsPath, signal })) as {
    items: readonly CustomResourceDefinition[];
  };
  return items.flatMap(({ spec: { group, names, versions } }) =>
    versions.filter(({ served }) => served).map(({ name }) => ({ group, version: name, kind: names.kind })),
  );
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function fileOf({ group, version, kind }: GroupVersionKind = { group: '', version: '', kind: '' }): string {
  return `${group === '' ? version : group}_${version}_${kind.toLowerCase()}.json`;
}

/** What has fields has no others, unless it keeps what is not known. */
function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [key, close(value)] as const);
  const open = 'additionalProperties' in node || 'x-kubernetes-preserve-unknown-fields' in node;
  const isObject = 'properties' in node && !open && 'type' in node && node.type === 'object';
  return { ...Object.fromEntries(entries), ...(isObject ? { additionalProperties: false } : {}) };
}
