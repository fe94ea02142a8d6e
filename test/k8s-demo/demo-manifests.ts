import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Manifest } from '../cluster/kubectl.ts';
import { createHelm, parseRendered } from '../install/helm.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');

/** The objects of `kubectl apply -f deploy/controlplane/manifest.yaml`. */
export async function controlPlaneManifests(): Promise<readonly Manifest[]> {
  return parseRendered(await readFile(join(deploy, 'controlplane', 'manifest.yaml'), 'utf8'));
}

/** Runs helm on `deploy/server`, as `command` with `--set` and these values. */
export function serverChart(command: 'template' | 'lint', values: readonly string[]): Promise<string> {
  const helm = createHelm({ binary: inject('programs').helm, folder: tmpdir() });
  const release = command === 'template' ? ['ts-envoy-server'] : ['--strict'];
  return helm(command, ...release, join(deploy, 'server'), ...values.map((value) => `--set=${value}`));
}

/** The objects of `helm install ts-envoy-server ./deploy/server --set …`. */
export async function serverManifests(values: readonly string[]): Promise<readonly Manifest[]> {
  return parseRendered(await serverChart('template', values));
}

/** The one object of a kind. */
export function onlyOf(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...others] = manifests.filter((each) => each.kind === kind);
  if (found === undefined || others.length > 0) throw new Error(`not one ${kind}`);
  return found;
}
