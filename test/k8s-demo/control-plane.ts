import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from '../../deploy/demo/child-process.ts';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { FakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { controlPlaneManifests, onlyOf } from './demo-manifests.ts';
import { readContainer } from './pod-container.ts';

const tailway = fileURLToPath(new URL('../../deploy/command/tailway.ts', import.meta.url));

/** A control plane that runs. */
export interface ControlPlane {
  readonly process: RunningProcess;
  readonly xdsPort: number;
}

/**
 * Runs the control plane with the arguments and variables of its Deployment, as the kubelet would within a cluster that does not
 * answer, and waits until it is ready. Only ports and folders are other ones, `api` stands in for Tailscale's, and `more` says
 * what this machine needs.
 */
export async function startControlPlane(
  api: FakeTailscale,
  folder: string,
  more: readonly string[],
): Promise<ControlPlane> {
  const deployment = onlyOf(await controlPlaneManifests(), 'Deployment');
  const { args, env } = readContainer(deployment, 'envoy-control-plane', {
    secrets: { 'tailscale-envoy': { TS_ENVOY_API_TOKEN: api.apiKey } },
    fields: {},
  });
  const [xdsPort = 0, healthPort = 0] = await freePorts(2);
  const own: Readonly<Record<string, string>> = {
    '--xds-port=18000': `--xds-port=${xdsPort}`,
    '--health-probe-bind-address=:8081': `--health-probe-bind-address=127.0.0.1:${healthPort}`,
    '--metrics-bind-address=:8080': '--metrics-bind-address=127.0.0.1:0',
    '--state-dir=/var/lib/tailway': `--state-dir=${folder}`,
  };
  for (const arg of Object.keys(own)) if (!args.includes(arg)) throw new Error(`the manifest has no ${arg}`);
  const child = await startProcess(process.execPath, [tailway, ...args.map((arg) => own[arg] ?? arg), ...more], {
    env: {
      PATH: process.env['PATH'],
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: '1',
      ...env,
      TS_ENVOY_API_URL: api.url,
    },
  });
  await waitFor('the control plane to be ready', async () => {
    if (child.exitCode() !== undefined) throw new Error(`it ended: ${child.lines.join('\n')}`);
    return (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status === 200 ? true : undefined;
  });
  return { process: child, xdsPort };
}
