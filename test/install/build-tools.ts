import { join } from 'node:path';
import { type BuildOptions, type GoProgram, buildGoProgram, goModuleFolder } from '../cluster/go-program.ts';

/** What charts are checked with. */
export interface Tools {
  readonly helm: string;
  readonly kubeconform: string;
  /** Folder of the Prometheus operator's CRDs. */
  readonly monitoringCrds: string;
}

const helmModule = 'helm.sh/helm/v3';

const helm: GoProgram = {
  module: 'helm',
  package: `${helmModule}/cmd/helm`,
  // Without these it is of no version, and renders for Kubernetes 1.20.
  ldflags: [
    '-s -w',
    `-X ${helmModule}/internal/version.version=v3.22.0`,
    ...['pkg/chartutil', 'pkg/lint/rules'].map(
      (each) => `-X ${helmModule}/${each}.k8sVersionMajor=1 -X ${helmModule}/${each}.k8sVersionMinor=36`,
    ),
  ].join(' '),
};

const kubeconform: GoProgram = {
  module: 'kubeconform',
  package: 'github.com/yannh/kubeconform/cmd/kubeconform',
  ldflags: '-s -w',
};

const cacheDir = join(import.meta.dirname, '..', '..', '.cache', 'peers');
const modules = join(import.meta.dirname, 'tools');

/** Builds what the cache does not have yet, from the modules' pinned versions. */
export async function buildTools(tell: (what: string) => void): Promise<Tools> {
  const options: BuildOptions = { modules, cacheDir, tell };
  const operator = 'github.com/prometheus-operator/prometheus-operator';
  return {
    helm: await buildHelm(tell),
    kubeconform: await buildGoProgram(kubeconform, options),
    monitoringCrds: join(
      await goModuleFolder(join(modules, 'service-monitor'), operator),
      'example',
      'prometheus-operator-crd',
    ),
  };
}

/** Builds helm alone. */
export function buildHelm(tell: (what: string) => void): Promise<string> {
  return buildGoProgram(helm, { modules, cacheDir, tell });
}
