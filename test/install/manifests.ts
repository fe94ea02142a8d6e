import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildValuesSchema } from '../../deploy/helm/values-schema.ts';
import { type Helm, parseRendered } from './helm.ts';

const root = join(import.meta.dirname, '..', '..');

/** Folder of the chart. */
export const chart = join(root, 'deploy', 'helm', 'tailway');

const namespace = 'tailscale-gateway-system';

/**
 * All files that are made of others, by their path in the repository: what the chart has of the shim's settings and of the
 * CRDs, and the manifests for those who install without helm.
 */
export async function buildManifests(helm: Helm): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  files.set('deploy/helm/tailway/values.schema.json', `${JSON.stringify(buildValuesSchema(), undefined, 2)}\n`);
  for (const file of await readdir(join(root, 'deploy', 'crds'))) {
    if (!file.endsWith('.yaml')) continue;
    files.set(`deploy/helm/tailway/files/crds/${file}`, await readFile(join(root, 'deploy', 'crds', file), 'utf8'));
  }

  const rendered = await helm(
    'template',
    'tailway',
    chart,
    `--namespace=${namespace}`,
    '--set=crds.install=false,credentials.existingSecret=tailway,envoyGateway.writeConfig=true',
  );
  const documents = rendered.split(/^---\n/m).filter((text) => text.trim() !== '');
  const ofEnvoyGateway = (text: string) => /^# Source: .*envoy-gateway/.test(text);
  const plain = documents.map((text) => ({ forEnvoyGateway: ofEnvoyGateway(text), text: withoutHelm(text) }));
  const own = plain.filter(({ forEnvoyGateway }) => !forEnvoyGateway).map(({ text }) => text);
  const theirs = plain.filter(({ forEnvoyGateway }) => forEnvoyGateway).map(({ text }) => text);
  files.set('deploy/extension-server/deployment.yaml', concatenate([namespaceText, ...own]));
  // Once it is configured, Envoy Gateway needs the rights.
  const isConfig = (text: string) => text.includes('\nkind: ConfigMap\n');
  const ordered = [...theirs.filter((text) => !isConfig(text)), ...theirs.filter(isConfig)];
  files.set('deploy/envoy-gateway/envoy-gateway-config.yaml', concatenate(ordered));
  files.set('deploy/envoy-gateway/helm/values.yaml', envoyGatewayValues(theirs));
  return files;
}

const header = '# Generated from deploy/helm/tailway by npm run generate:manifests. Do not edit.';

const namespaceText = `apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

function concatenate(documents: readonly string[]): string {
  return `${header}\n${documents.join('---\n')}`;
}

/** Takes away what only helm reads. */
function withoutHelm(text: string): string {
  return text
    .replace(/^# Source: .*\n/m, '')
    .replaceAll(/^ +(app\.kubernetes\.io\/managed-by: Helm|helm\.sh\/chart: .*)\n/gm, '')
    .replace(/^ {2}annotations:\n(?: +#.*\n)* +helm\.sh\/resource-policy: keep\n/m, '');
}

/** The same configuration as values of Envoy Gateway's own chart. */
function envoyGatewayValues(documents: readonly string[]): string {
  const configMap = parseRendered(documents.join('---\n')).find(({ kind }) => kind === 'ConfigMap');
  const config = (configMap?.['data'] as Record<string, string> | undefined)?.['envoy-gateway.yaml'] ?? '';
  const extensionManager = config.slice(config.indexOf('extensionManager:'));
  const indented = extensionManager.trimEnd().replaceAll(/^(?=.)/gm, '    ');
  return `${header}\n# helm upgrade --install eg oci://docker.io/envoyproxy/gateway-helm … --values deploy/envoy-gateway/helm/values.yaml\nconfig:\n  envoyGateway:\n${indented}\n`;
}
