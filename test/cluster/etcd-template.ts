import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from './api-server.ts';
import type { Peers } from './build-peers.ts';
import { gatewayClass } from './envoy-gateway.ts';
import { type Kubectl, createKubectl } from './kubectl.ts';
import { namespaceOf } from './manifests.ts';

/** Makes the content of an etcd that all tests begin with: the CRDs of Gateway API and of Envoy Gateway, and what `install` adds. */
export async function createEtcdTemplate(
  peers: Peers,
  install: (kubectl: Kubectl) => Promise<void> = installOwnCrds,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-template-'));
  const apiServer = await startApiServer(folder, peers);
  const kubectl = createKubectl(apiServer.client);
  await kubectl.installCrds(peers.crds);
  await install(kubectl);
  await kubectl.apply(namespaceOf('envoy-gateway-system'), ...gatewayClass);
  await apiServer.stop();
  const template = await mkdtemp(join(tmpdir(), 'tailway-etcd-'));
  await cp(join(folder, 'etcd'), template, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  return template;
}

function installOwnCrds(kubectl: Kubectl): Promise<void> {
  return kubectl.installCrds(join(import.meta.dirname, '..', '..', 'deploy', 'crds'));
}
