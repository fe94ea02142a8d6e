import { waitFor } from '../../deploy/demo/wait-for.ts';
import { inject } from 'vitest';
import type { Manifest } from '../cluster/kubectl.ts';
import { namespaceOf } from '../cluster/manifests.ts';
import { createStops } from '../cluster/stops.ts';
import { type TestCluster, startTestCluster } from '../cluster/test-cluster.ts';
import { type FakeTailscale, createFakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { headscaleNode, tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { type AuditLog, createAuditLog } from './audit-log.ts';
import { type Helm, createHelm } from './helm.ts';
import { type LifeOfResources, lifeOfResources } from './life-of-resources.ts';
import { type PodProcess, startPod } from './pod-process.ts';
import { namespace, render } from './value-sets.ts';

/** A real API server with Tailway's CRDs, a tailnet beside it, and a namespace `team-a` with a Gateway. */
export interface InstallCluster extends TestCluster {
  readonly helm: Helm;
  /** A folder that is gone afterwards. */
  readonly folder: string;
  readonly audit: AuditLog;
  /** Tailscale's API and headscale's, with one device each. */
  readonly tailnet: FakeTailscale;
  /** Of resources in `team-a`. */
  readonly life: LifeOfResources;
  /** What the chart makes of `values`, without its CRDs. */
  rendered(values: object): Promise<readonly Manifest[]>;
  /** Starts a Pod of the Deployment among what is rendered. */
  pod(manifests: readonly Manifest[]): Promise<PodProcess>;
}

/** Starts the API server; nothing of the chart but its CRDs is there. */
export async function startInstallCluster(flags: readonly string[] = []): Promise<InstallCluster> {
  const stops = createStops();
  const folder = await stops.folder();
  const helm = createHelm({ binary: inject('tools').helm, folder });
  const audit = await createAuditLog(folder);
  const cluster = await startTestCluster({ flags: [...audit.flags, ...flags] });
  stops.defer(async () => cluster[Symbol.asyncDispose]());
  const { apiServer, kubectl } = cluster;
  const tailnet = await createFakeTailscale();
  stops.defer(() => tailnet.close());
  tailnet.setNodes([headscaleNode(1)]);
  tailnet.setDevices([
    tailscaleDevice(1, { tags: ['tag:web'] }),
    tailscaleDevice(2, { tags: ['tag:web', 'tag:weight-2'] }),
  ]);
  await kubectl.apply(...[namespace, 'team-a', 'team-b'].map(namespaceOf));
  await kubectl.apply(...(await render(helm, folder)).filter(isCrd));
  const life = lifeOfResources({ kubectl, namespace: 'team-a', apiUrl: tailnet.url, apiKey: tailnet.apiKey });
  await waitFor('the CRDs', async () => {
    await life.begin();
    await life.end();
    return true;
  });
  return {
    ...cluster,
    helm,
    folder,
    audit,
    tailnet,
    life,
    rendered: async (values) => (await render(helm, folder, values)).filter((each) => !isCrd(each)),
    async pod(manifests) {
      const deployment = manifests.find(({ kind }) => kind === 'Deployment');
      if (deployment === undefined) throw new Error('no Deployment');
      const pod = await startPod({ deployment, apiServer, kubectl, folder: await stops.folder() });
      stops.defer(() => pod.process.stop('SIGKILL'));
      return pod;
    },
    async [Symbol.asyncDispose]() {
      await stops[Symbol.asyncDispose]();
    },
  };
}

function isCrd({ kind }: Manifest): boolean {
  return kind === 'CustomResourceDefinition';
}
