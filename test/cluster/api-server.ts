import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import type { RunningProcess } from '../../deploy/demo/child-process.ts';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { type KubeClient, createKubeClient } from '../../shim/kubernetes/kube-client.ts';
import { loadKubeConfig } from '../../shim/kubernetes/kube-config.ts';
import { type CustomResourceDefinition, crdsPath, isServed } from './served-crd.ts';
import { startBoundProcess } from './bound-process.ts';
import type { Peers } from './build-peers.ts';

/** A real kube-apiserver with an etcd of its own, on loopback. No controllers run: nothing collects garbage. */
export interface ApiServer {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  readonly port: number;
  readonly client: KubeClient;
  /** Path of a kubeconfig of a user who has only the rights that RBAC gives to `user`. */
  kubeconfigOf(user: 'tester'): string;
  /** Path of a new kubeconfig that shows `token`. */
  kubeconfigFor(token: string): Promise<string>;
  /** Path of the certificate that it is known by. */
  readonly ca: string;
  /** Ends the API server; etcd keeps what there is. */
  pause(): Promise<void>;
  /** Starts it again, on the same port. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** How an API server differs from one that is good for most tests. */
export interface ApiServerOptions {
  /** Further flags. */
  readonly flags?: readonly string[];
  /** Whether Pods must name a ServiceAccount that is there, and get its token; default: no. */
  readonly serviceAccountAdmission?: boolean;
}

/** Starts both in `folder`, which must be empty, and waits until the API server is ready. */
export async function startApiServer(
  folder: string,
  peers: Pick<Peers, 'etcd' | 'kubeApiserver'>,
  { flags = [], serviceAccountAdmission = false }: ApiServerOptions = {},
): Promise<ApiServer> {
  const [port = 0, etcdPort = 0, etcdPeerPort = 0] = await freePorts(3);
  const certs = join(folder, 'certs');
  await mkdir(certs, { recursive: true });
  const keys = await writeServiceAccountKeys(folder);
  const tokens = { admin: randomUUID(), tester: randomUUID() };
  const tokenFile = join(folder, 'tokens.csv');
  await writeFile(tokenFile, `${tokens.admin},admin,1,"system:masters"\n${tokens.tester},tester,2,"testers"\n`);

  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${etcdPeerPort}`;
  const etcd = await startBoundProcess(peers.etcd, [
    `--data-dir=${join(folder, 'etcd')}`,
    '--name=test',
    '--log-level=warn',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    '--unsafe-no-fsync',
  ]);
  const start = () =>
    startBoundProcess(peers.kubeApiserver, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--external-hostname=127.0.0.1',
      `--secure-port=${port}`,
      // It makes a certificate of its own there.
      `--cert-dir=${certs}`,
      `--token-auth-file=${tokenFile}`,
      '--authorization-mode=RBAC',
      // As clusters do; Pod Security says where.
      '--allow-privileged=true',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${keys.public}`,
      `--service-account-signing-key-file=${keys.private}`,
      ...(serviceAccountAdmission ? [] : ['--disable-admission-plugins=ServiceAccount']),
      '--profiling=false',
      '--shutdown-delay-duration=0s',
      ...flags,
    ]);
  let server = await start();
  const ca = join(certs, 'apiserver.crt');
  // It is there before all of it is written.
  await waitFor("the API server's certificate", async () => {
    if (server.exitCode() !== undefined) throw new Error(`it ended: ${server.lines.slice(-5).join('\n')}`);
    return (await readFile(ca, 'utf8')).includes('-----END CERTIFICATE-----') || undefined;
  });
  const kubeconfigs = { admin: join(folder, 'admin.kubeconfig'), tester: join(folder, 'tester.kubeconfig') };
  for (const user of ['admin', 'tester'] as const)
    await writeFile(kubeconfigs[user], kubeconfig(port, ca, tokens[user]));
  const credentials = await loadKubeConfig({ kubeconfig: kubeconfigs.admin, environment: {} });
  if (credentials === undefined) throw new Error('the kubeconfig names no cluster');
  const client = createKubeClient(credentials);
  const readyz = async () => isReady(port, await readFile(ca), tokens.admin);
  await untilReady(client, server, readyz);
  return {
    kubeconfig: kubeconfigs.admin,
    port,
    client,
    kubeconfigOf: (user) => kubeconfigs[user],
    async kubeconfigFor(token) {
      const path = join(folder, `${randomUUID()}.kubeconfig`);
      await writeFile(path, kubeconfig(port, ca, token));
      return path;
    },
    ca,
    async pause() {
      await server.stop('SIGTERM', 1000);
    },
    async resume() {
      server = await start();
      await untilReady(client, server, readyz);
    },
    async stop() {
      client.close();
      await server.stop('SIGTERM', 1000);
      await etcd.stop('SIGKILL');
    },
  };
}

async function writeServiceAccountKeys(folder: string): Promise<{ public: string; private: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const paths = { public: join(folder, 'service-account.pub'), private: join(folder, 'service-account.key') };
  await writeFile(paths.public, publicKey);
  await writeFile(paths.private, privateKey, { mode: 0o600 });
  return paths;
}

function kubeconfig(port: number, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': ca } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

/** What it says of itself, in plain text. https://kubernetes.io/docs/reference/using-api/health-checks/ */
function isReady(port: number, ca: Buffer, token: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(2000);
    get({ host: '127.0.0.1', port, path: '/readyz', ca, headers, agent: false, signal }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', reject);
  });
}

async function untilReady(client: KubeClient, server: RunningProcess, readyz: () => Promise<boolean>): Promise<void> {
  await waitFor(
    'the API server',
    async () => {
      if (server.exitCode() !== undefined)
        throw new Error(`the API server ended: ${server.lines.slice(-5).join('\n')}`);
      // What it decides by is read by now: rights, namespaces.
      if (!(await readyz())) return undefined;
      const { signal } = new AbortController();
      // It is made a moment later.
      await client.request({ path: '/api/v1/namespaces/default', timeoutMs: 2000, signal });
      // Serving custom resources is the last that it begins with.
      const { items } = (await client.request({
        path: crdsPath,
        query: { limit: '500' },
        timeoutMs: 2000,
        signal,
      })) as { items: readonly CustomResourceDefinition[] };
      for (const crd of items) if (!(await isServed(client, crd))) return undefined;
      return true;
    },
    60_000,
  );
}
