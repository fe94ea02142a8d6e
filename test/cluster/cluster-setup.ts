import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findEnvoy } from '../../deploy/demo/envoy-binary.ts';
import { type Peers, buildPeers } from './build-peers.ts';
import { createEtcdTemplate } from './etcd-template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The programs that the tests run against. */
    peers: Peers & { readonly envoy: string };
    /** Folder with the content of an etcd that has all CRDs. */
    etcdTemplate: string;
  }
}

/** Builds etcd, kube-apiserver and Envoy Gateway, and finds Envoy, or fetches it, each once, before the first test. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cacheDir = join(import.meta.dirname, '..', '..', '.cache');
  const tell = (what: string) => void process.stderr.write(`${what}\n`);
  const peers = await buildPeers({ cacheDir: join(cacheDir, 'peers'), tell });
  const envoy = await findEnvoy({ environment: process.env, cacheDir, onDownload: (what) => tell(`fetching ${what}`) });
  project.provide('peers', { ...peers, envoy });
  const template = await createEtcdTemplate(peers);
  project.provide('etcdTemplate', template);
  return () => rm(template, { recursive: true, force: true });
}
