import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { type RunningProcess, startProcess } from '../../deploy/demo/child-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { Manifest } from '../cluster/kubectl.ts';
import { onlyOf } from './demo-manifests.ts';
import { readContainer } from './pod-container.ts';

const server = fileURLToPath(new URL('../../deploy/demo/server.ts', import.meta.url));

/** A Pod of `deploy/server` that is to run here. */
export interface ServerPod {
  readonly name: string;
  /** Its address in the tailnet, one of this machine's here. */
  readonly address: string;
  /** What helm has rendered for it. */
  readonly manifests: readonly Manifest[];
}

function containerOf({ name, manifests }: ServerPod, container: string) {
  const deployment = onlyOf(manifests, 'Deployment');
  const secrets = { 'tailscale-envoy': { TS_ENVOY_AUTHKEY: 'tskey-auth-fake' } };
  return readContainer(deployment, container, { secrets, fields: { 'metadata.name': name } });
}

/** The tags that the Pod's Tailscale joins the tailnet with. */
export function tagsOf(pod: ServerPod): readonly string[] {
  const { env } = containerOf(pod, 'tailscale-sidecar');
  const [, tags = ''] = /--advertise-tags=(\S+)/.exec(env['TS_EXTRA_ARGS'] ?? '') ?? [];
  return tags.split(',');
}

/** Runs the Pod's example server, on `port` instead of its own. */
export async function startExampleServer(pod: ServerPod, port: number): Promise<RunningProcess> {
  const { args, env } = containerOf(pod, 'example-server');
  const place = ['--host', pod.name, '--address', pod.address];
  const child = await startProcess(process.execPath, [server, ...args, ...place], {
    env: { PATH: process.env['PATH'], ...env, PORT: `${port}` },
  });
  await waitFor(`${pod.name} to start`, () => {
    if (child.exitCode() !== undefined) throw new Error(child.lines.join('\n'));
    return child.lines.find((line) => line.startsWith('Server starting on'));
  });
  return child;
}

/** Runs the Pod's Envoy as its container says, with the bootstrap of the ConfigMap in `folder`, and the admin interface on `adminPort`. */
export async function startSidecarEnvoy(pod: ServerPod, folder: string, adminPort: number): Promise<RunningProcess> {
  const { command, args } = containerOf(pod, 'envoy');
  if (command.join(' ') !== 'envoy') throw new Error(`the container runs ${command.join(' ')}`);
  const { 'envoy.yaml': bootstrap = '' } = onlyOf(pod.manifests, 'ConfigMap')['data'] as Record<string, string>;
  const file = join(folder, `${pod.name}.yaml`);
  await writeFile(file, bootstrap.replace('port_value: 9901', `port_value: ${adminPort}`));
  const mounted = '/etc/envoy/envoy.yaml';
  if (!args.includes(mounted)) throw new Error(`the container does not read ${mounted}`);
  const child = await startProcess(
    inject('programs').envoy,
    args.map((arg) => (arg === mounted ? file : arg)),
  );
  await waitFor("Envoy's admin interface", async () => {
    if (child.exitCode() !== undefined) throw new Error(`Envoy ended: ${child.lines.slice(-5).join('\n')}`);
    return fetch(`http://127.0.0.1:${adminPort}/ready`);
  });
  return child;
}
