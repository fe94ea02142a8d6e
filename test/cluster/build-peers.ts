import { join } from 'node:path';
import { type BuildOptions, type GoProgram, buildGoProgram, goModuleFolder } from './go-program.ts';

/** Paths of the programs that are built, and of what comes with them. */
export interface Peers {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly envoyGateway: string;
  /** Folder of Envoy Gateway's own chart, with the CRDs of Gateway API and its own. */
  readonly envoyGatewayChart: string;
  /** Folder of these CRDs in it. */
  readonly crds: string;
}

const etcd: GoProgram = { module: 'etcd', package: '.', ldflags: '-s -w' };

const version = 'k8s.io/component-base/version';

const kubeApiserver: GoProgram = {
  module: 'kube-apiserver',
  package: '.',
  // What it is asked for by `/version`; without these it would take itself for 0.0.0.
  ldflags: `-s -w -X ${version}.gitVersion=v1.36.3 -X ${version}.gitMajor=1 -X ${version}.gitMinor=36`,
};

const envoyGateway: GoProgram = {
  module: 'envoy-gateway',
  package: 'github.com/envoyproxy/gateway/cmd/envoy-gateway',
  ldflags: '-s -w',
};

/** Builds what `cacheDir` does not have yet, from the modules' pinned versions. The first time takes up to half an hour. */
export async function buildPeers(where: Pick<BuildOptions, 'cacheDir' | 'tell'>): Promise<Peers> {
  const options = { ...where, modules: join(import.meta.dirname, 'peers') };
  // One after another: each of them takes all processors.
  const programs = {
    etcd: await buildGoProgram(etcd, options),
    kubeApiserver: await buildGoProgram(kubeApiserver, options),
    envoyGateway: await buildGoProgram(envoyGateway, options),
  };
  const source = await goModuleFolder(join(options.modules, envoyGateway.module), 'github.com/envoyproxy/gateway');
  const envoyGatewayChart = join(source, 'charts', 'gateway-helm');
  return { ...programs, envoyGatewayChart, crds: join(envoyGatewayChart, 'charts', 'crds', 'crds') };
}
