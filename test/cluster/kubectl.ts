import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { KubeClient } from '../../shim/kubernetes/kube-client.ts';
import { isKubeError } from '../../shim/kubernetes/kube-error.ts';
import { type ApiResource, apiPath } from '../../shim/kubernetes/kube-object.ts';
import { type CustomResourceDefinition, type Discovery, crdsPath, isServed } from './served-crd.ts';

/** An object as users write it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Identity of an object: what `kubectl` needs to find it. */
export type Reference = Pick<Manifest, 'apiVersion' | 'kind'> & {
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** What users do with `kubectl`; objects without a namespace go into `default`. */
export interface Kubectl {
  /** Server-side apply, as a user; rejects with the API server's words. */
  apply(...manifests: readonly Manifest[]): Promise<void>;
  /** The documents of YAML texts or files; resolves when the CRDs among them are served. */
  applyYaml(text: string): Promise<void>;
  get(reference: Reference): Promise<Manifest | undefined>;
  /** The objects of a kind in a namespace. */
  list(kind: Pick<Manifest, 'apiVersion' | 'kind'>, namespace?: string): Promise<readonly Manifest[]>;
  /** A merge patch. */
  patch(reference: Reference, patch: object, subresource?: 'status'): Promise<void>;
  /** Resolves when the object is gone, as `kubectl delete` does: finalizers may keep it for a while. */
  delete(reference: Reference): Promise<void>;
  /** Applies the CRDs in YAML files of a folder, and of its folders, and waits until they are served. */
  installCrds(folder: string): Promise<void>;
}

/** For an API server. */
export function createKubectl(client: KubeClient): Kubectl {
  const signal = new AbortController().signal;
  const discovered = new Map<string, { readonly resource: ApiResource; readonly namespaced: boolean }>();

  async function find({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>) {
    const id = `${apiVersion}/${kind}`;
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    if (group === undefined || version === undefined) throw new Error(`${apiVersion} is no API version`);
    const known = discovered.get(id);
    if (known !== undefined) return known;
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const { resources } = (await client.request({ path, signal })) as Discovery;
    const found = resources.find((each) => each.kind === kind && !each.name.includes('/'));
    if (found === undefined) throw new Error(`the API server has no ${kind} in ${apiVersion}`);
    const entry = { resource: { group, version, plural: found.name }, namespaced: found.namespaced };
    discovered.set(id, entry);
    return entry;
  }

  async function pathOf(reference: Reference, subresource?: 'status'): Promise<string> {
    const { resource, namespaced } = await find(reference);
    const { name, namespace = 'default' } = reference.metadata;
    return apiPath(resource, {
      name,
      namespace: namespaced ? namespace : undefined,
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  async function applyOne(manifest: Manifest): Promise<void> {
    await client.request({
      method: 'PATCH',
      path: await pathOf(manifest),
      query: { fieldManager: 'test', force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: manifest,
      signal,
    });
  }

  async function served({ metadata: { name } }: Manifest): Promise<void> {
    await waitFor(`CRD ${name} to be served`, async () => {
      const crd = (await client.request({ path: `${crdsPath}/${name}`, signal })) as CustomResourceDefinition;
      if (!(await isServed(client, crd))) return undefined;
      const { conditions = [] } = crd.status ?? {};
      return conditions.some(({ type, status }) => type === 'Established' && status === 'True') || undefined;
    });
  }

  async function get(reference: Reference): Promise<Manifest | undefined> {
    try {
      return (await client.request({ path: await pathOf(reference), signal })) as Manifest;
    } catch (err) {
      if (isKubeError(err, 404)) return undefined;
      throw err;
    }
  }

  return {
    async apply(...manifests) {
      for (const manifest of manifests) await applyOne(manifest);
    },
    async applyYaml(text) {
      const manifests = parseManifests(text);
      for (const manifest of manifests) await applyOne(manifest);
      await Promise.all(manifests.filter(isCrd).map(served));
    },
    get,
    async list(kind, namespace) {
      const { resource } = await find(kind);
      const list = await client.request({ path: apiPath(resource, { namespace }), signal });
      return (list as { items: readonly Manifest[] }).items;
    },
    async patch(reference, body, subresource) {
      await client.request({
        method: 'PATCH',
        path: await pathOf(reference, subresource),
        contentType: 'application/merge-patch+json',
        body,
        signal,
      });
    },
    async delete(reference) {
      const uid = (await get(reference))?.metadata.uid;
      await client.request({ method: 'DELETE', path: await pathOf(reference), signal });
      const { kind, metadata } = reference;
      await waitFor(
        `the end of ${kind} ${metadata.name}`,
        async () => (await get(reference))?.metadata.uid !== uid || undefined,
      );
    },
    async installCrds(folder) {
      const definitions = (await readYaml(folder)).flatMap(parseManifests).filter(isCrd);
      await Promise.all(definitions.map(applyOne));
      await Promise.all(definitions.map(served));
    },
  };
}

function isCrd({ kind }: Manifest): boolean {
  return kind === 'CustomResourceDefinition';
}

/** The documents of a YAML text. */
function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

async function readYaml(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => extname(file) === '.yaml').toSorted();
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
}
