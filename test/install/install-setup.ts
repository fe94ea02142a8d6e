import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findEnvoy } from '../../deploy/demo/envoy-binary.ts';
import { buildPeers } from '../cluster/build-peers.ts';
import { createEtcdTemplate } from '../cluster/etcd-template.ts';
import { type Tools, buildTools } from './build-tools.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What charts are checked with. */
    tools: Tools;
  }
}

/** As for the tests with a cluster, with helm and kubeconform; Tailway's own CRDs are not there yet: that is what is tested. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cacheDir = join(import.meta.dirname, '..', '..', '.cache');
  const tell = (what: string) => void process.stderr.write(`${what}\n`);
  const tools = await buildTools(tell);
  project.provide('tools', tools);
  const peers = await buildPeers({ cacheDir: join(cacheDir, 'peers'), tell });
  const envoy = await findEnvoy({ environment: process.env, cacheDir, onDownload: (what) => tell(`fetching ${what}`) });
  project.provide('peers', { ...peers, envoy });
  const template = await createEtcdTemplate(peers, async (kubectl) =>
    kubectl.applyYaml(await readFile(join(tools.monitoringCrds, 'monitoring.coreos.com_servicemonitors.yaml'), 'utf8')),
  );
  project.provide('etcdTemplate', template);
  return () => rm(template, { recursive: true, force: true });
}
