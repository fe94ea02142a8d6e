import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of the programs that are built, and of what comes with them. */
export interface Peers {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly envoyGateway: string;
  /** Folder of the CRDs of Gateway API and Envoy Gateway, as Envoy Gateway's own chart installs them. */
  readonly crds: string;
}

interface Peer {
  /** Folder of its pinned Go module under `peers/`. */
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
}

const etcd: Peer = { module: 'etcd', package: '.', ldflags: '-s -w' };

const version = 'k8s.io/component-base/version';

const kubeApiserver: Peer = {
  module: 'kube-apiserver',
  package: '.',
  // What it is asked for by `/version`; without these it would take itself for 0.0.0.
  ldflags: `-s -w -X ${version}.gitVersion=v1.36.3 -X ${version}.gitMajor=1 -X ${version}.gitMinor=36`,
};

const envoyGateway: Peer = {
  module: 'envoy-gateway',
  package: 'github.com/envoyproxy/gateway/cmd/envoy-gateway',
  ldflags: '-s -w',
};

/** Builds what `cacheDir` does not have yet, from the modules' pinned versions. The first time takes up to half an hour. */
export async function buildPeers(options: {
  readonly cacheDir: string;
  readonly tell: (what: string) => void;
}): Promise<Peers> {
  await mkdir(options.cacheDir, { recursive: true });
  // One after another: each of them takes all processors.
  return {
    etcd: await build(etcd, options),
    kubeApiserver: await build(kubeApiserver, options),
    envoyGateway: await build(envoyGateway, options),
    crds: await findCrds(),
  };
}

async function build(peer: Peer, options: Parameters<typeof buildPeers>[0]): Promise<string> {
  const dir = folderOf(peer);
  const binary = join(options.cacheDir, `${peer.module}-${await stampOf(peer, dir)}`);
  if (await exists(binary)) return binary;
  options.tell(`building ${peer.module} (minutes, once) into ${binary}`);
  const staged = `${binary}.${process.pid}`;
  await go(dir, ['build', '-ldflags', peer.ldflags, '-o', staged, peer.package]);
  await rename(staged, binary);
  return binary;
}

/** Changes with whatever the binary is built from. */
async function stampOf(peer: Peer, dir: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(peer));
  for (const file of (await readdir(dir)).toSorted()) hash.update(file).update(await readFile(join(dir, file)));
  return hash.digest('hex').slice(0, 12);
}

async function findCrds(): Promise<string> {
  const args = ['list', '-m', '-f', '{{.Dir}}', 'github.com/envoyproxy/gateway'];
  const dir = (await go(folderOf(envoyGateway), args)).trim();
  if (dir !== '') return join(dir, 'charts', 'gateway-helm', 'charts', 'crds', 'crds');
  await go(folderOf(envoyGateway), ['mod', 'download', 'github.com/envoyproxy/gateway']);
  return findCrds();
}

async function go(cwd: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };
  try {
    const { stdout } = await run('go', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new Error(
      missing ? 'Go 1.26 or newer is needed to build the peers: https://go.dev/dl' : `go ${args[0]} failed`,
      {
        cause,
      },
    );
  }
}

function folderOf({ module }: Peer): string {
  return join(import.meta.dirname, 'peers', module);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
