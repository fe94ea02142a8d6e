import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findEnvoy } from '../../deploy/demo/envoy-binary.ts';
import { type Peers, buildPeers } from '../cluster/build-peers.ts';
import { buildHelm } from '../install/build-tools.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The programs that the demo is tried with. */
    programs: Pick<Peers, 'etcd' | 'kubeApiserver'> & { readonly envoy: string; readonly helm: string };
  }
}

/** Builds helm, etcd and kube-apiserver, and finds Envoy, or fetches it, each once, before the first test. */
export async function setup(project: TestProject): Promise<void> {
  const cacheDir = join(import.meta.dirname, '..', '..', '.cache');
  const tell = (what: string) => void process.stderr.write(`${what}\n`);
  const { etcd, kubeApiserver } = await buildPeers({ cacheDir: join(cacheDir, 'peers'), tell });
  const envoy = await findEnvoy({ environment: process.env, cacheDir, onDownload: (what) => tell(`fetching ${what}`) });
  project.provide('programs', { etcd, kubeApiserver, envoy, helm: await buildHelm(tell) });
}
