import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { type Definition } from '../../shim/settings/definition.ts';
import { definitions } from '../../shim/settings/definitions.ts';
import { createStops } from '../cluster/stops.ts';
import { type Helm, createHelm } from './helm.ts';
import { buildManifests, chart } from './manifests.ts';
import { containerOf } from './pod-template.ts';
import { render } from './value-sets.ts';

const kept = { annotations: { 'helm.sh/resource-policy': 'keep' } };

const root = join(import.meta.dirname, '..', '..');

describe('what is made of others', () => {
  const stops = createStops();
  let helm: Helm;
  let folder: string;
  beforeAll(async () => {
    folder = await stops.folder();
    helm = createHelm({ binary: inject('tools').helm, folder });
  });
  afterAll(() => stops[Symbol.asyncDispose]());

  it('is what npm run generate:manifests gives', async () => {
    const built = await buildManifests(helm);
    for (const [path, text] of built)
      expect({ path, text: await readFile(join(root, path), 'utf8') }).toEqual({ path, text });
    const crds = (await readdir(join(chart, 'files', 'crds'))).map((file) => `deploy/helm/tailway/files/crds/${file}`);
    expect(crds.filter((path) => !built.has(path))).toEqual([]);
  });

  it('is the CRDs as they are, kept when the release goes', async () => {
    const rendered = (await render(helm, folder)).filter(({ kind }) => kind === 'CustomResourceDefinition');
    const files = (await readdir(join(root, 'deploy', 'crds'))).filter((file) => file.endsWith('.yaml')).toSorted();
    const crds = await Promise.all(
      files.map(
        async (file) => parse(await readFile(join(root, 'deploy', 'crds', file), 'utf8')) as { metadata: object },
      ),
    );
    expect(rendered.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))).toEqual(
      crds.map((crd) => Object.assign(crd, { metadata: { ...crd.metadata, ...kept } })),
    );
  });

  it('is of one version', async () => {
    const { version, appVersion } = parse(await readFile(join(chart, 'Chart.yaml'), 'utf8')) as Record<string, string>;
    expect({ version, appVersion }).toEqual({ version: packageJson.version, appVersion: packageJson.version });
  });

  it('takes every secret that there is a variable of from the Secret', async () => {
    const manifests = await render(helm, folder, { credentials: { existingSecret: 'tailway' } });
    const deployment = manifests.find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error('no Deployment');
    const taken = containerOf(deployment).container.env?.flatMap(({ name, valueFrom }) => (valueFrom ? [name] : []));
    const all: readonly Definition<unknown>[] = Object.values(definitions);
    const secrets = all.filter(({ flag }) => flag === undefined).map(({ environment }) => environment);
    expect(taken).toEqual(expect.arrayContaining(secrets));
  });
});
