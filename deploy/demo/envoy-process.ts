import { type RunningProcess, startProcess } from './child-process.ts';
import { waitFor } from './wait-for.ts';

/** A real Envoy that runs beside this process. */
export interface EnvoyProcess {
  readonly process: RunningProcess;
  readonly adminPort: number;
  /** Body of an answer of the admin interface. */
  admin(path: string): Promise<string>;
  /** The hosts of a cluster by `address:port`, as Envoy knows them. */
  hosts(cluster: string): Promise<ReadonlyMap<string, EnvoyHost>>;
  /** Value of a counter or gauge; 0 while it does not exist. */
  stat(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** What Envoy says of one host. */
export interface EnvoyHost {
  readonly healthy: boolean;
  readonly weight: number;
  readonly region: string;
  readonly zone: string;
  readonly priority: number;
}

/** Starts Envoy with a bootstrap and waits until its admin interface answers. */
export async function startEnvoy(options: {
  readonly binary: string;
  readonly bootstrap: object;
  readonly adminPort: number;
  readonly logLevel?: string;
}): Promise<EnvoyProcess> {
  const { binary, bootstrap, adminPort } = options;
  const process = await startProcess(binary, [
    '--config-yaml',
    JSON.stringify(bootstrap),
    '--use-dynamic-base-id',
    '--concurrency',
    '1',
    '--drain-time-s',
    '1',
    '--log-level',
    options.logLevel ?? 'info',
  ]);
  const admin = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`Envoy's admin interface answered ${answer.status} to ${path}`);
    return answer.text();
  };
  await waitFor("Envoy's admin interface", async () => {
    if (process.exitCode() !== undefined) throw new Error(`Envoy ended: ${process.lines.slice(-5).join('\n')}`);
    return admin('/server_info');
  }).catch(async (err: unknown) => {
    await process.stop('SIGKILL');
    throw err;
  });
  return {
    process,
    adminPort,
    admin,
    hosts: async (cluster) => hostsOf(await admin('/clusters?format=json'), cluster),
    stat: async (name) => {
      const line = (await admin(`/stats?filter=^${name}$`)).split('\n').find((line) => line.startsWith(`${name}: `));
      return line === undefined ? 0 : Number(line.slice(name.length + 2));
    },
    stop: async () => {
      await process.stop('SIGTERM', 5000);
    },
  };
}

interface HostStatus {
  readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
  readonly health_status: Readonly<Record<string, unknown>>;
  readonly weight?: number;
  readonly priority?: number;
  readonly locality?: { readonly region?: string; readonly zone?: string };
}

function hostsOf(json: string, cluster: string): ReadonlyMap<string, EnvoyHost> {
  // Envoy's own admin interface, in the shape of envoy.admin.v3.Clusters.
  const { cluster_statuses: clusters = [] } = JSON.parse(json) as {
    cluster_statuses?: readonly { name: string; host_statuses?: readonly HostStatus[] }[];
  };
  const hosts = clusters.find(({ name }) => name === cluster)?.host_statuses ?? [];
  return new Map(hosts.map((host) => [hostName(host), hostState(host)]));
}

function hostName({ address }: HostStatus): string {
  return `${address.socket_address.address}:${address.socket_address.port_value}`;
}

function hostState({ health_status: health, weight, locality, priority }: HostStatus): EnvoyHost {
  const failures = Object.keys(health).filter((key) => key.startsWith('failed_') || key.startsWith('pending_'));
  return {
    healthy: failures.length === 0 && health['eds_health_status'] !== 'UNHEALTHY',
    weight: weight ?? 1,
    region: locality?.region ?? '',
    zone: locality?.zone ?? '',
    priority: priority ?? 0,
  };
}
