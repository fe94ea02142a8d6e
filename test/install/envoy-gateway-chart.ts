import { chmod, cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Manifest } from '../cluster/kubectl.ts';
import { type Helm, parseRendered } from './helm.ts';

/** What Envoy Gateway's own chart makes of the values in `file`: its CRDs are there already. */
export async function renderEnvoyGateway(options: {
  readonly helm: Helm;
  /** Of Envoy Gateway's sources, which have no values yet but a template of them. */
  readonly chart: string;
  /** A folder to put a copy into. */
  readonly folder: string;
  readonly file: string;
}): Promise<readonly Manifest[]> {
  const { helm, chart, folder, file } = options;
  const copy = join(folder, 'gateway-helm');
  await cp(chart, copy, { recursive: true });
  await makeWritable(copy);
  const template = await readFile(join(copy, 'values.tmpl.yaml'), 'utf8');
  const values = template
    .replace('${GatewayImagePullPolicy}', 'IfNotPresent')
    .replace('${GatewayImage}', 'docker.io/envoyproxy/gateway:v1.9.1');
  await writeFile(join(copy, 'values.yaml'), values);
  const flags = ['--namespace=envoy-gateway-system', '--set=crds.enabled=false', `--values=${file}`];
  return parseRendered(await helm('template', 'eg', copy, ...flags));
}

/** The configuration in a ConfigMap of Envoy Gateway. */
export function configOf(manifests: readonly Manifest[]): Record<string, unknown> {
  const configMap = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'envoy-gateway-config',
  );
  const data = configMap?.['data'] as Record<string, string> | undefined;
  return parse(data?.['envoy-gateway.yaml'] ?? '') as Record<string, unknown>;
}

/** What comes out of Go's cache of modules is read-only. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}
