import { WrongCall } from '../command-error.ts';
import { checkPorts } from './check-ports.ts';
import { checkReadiness } from './check-readiness.ts';
import type { ClusterPlace } from './cluster-place.ts';
import { type Diagnosis, inArea } from './diagnosis.ts';
import type { DoctorCluster } from './doctor-cluster.ts';

/**
 * Whether the shim's ports serve: those of its Service, or those at `host`. From outside of a cluster they are out of
 * reach, unless they are forwarded. Throws a WrongCall for a host that is none.
 */
export async function diagnosePorts(
  host: string | undefined,
  cluster: DoctorCluster | undefined,
  { namespace, name, ports }: ClusterPlace,
): Promise<Diagnosis[]> {
  const forwarded = [ports.hooks, ports.xds, ...(ports.health === undefined ? [] : [ports.health])].join(' ');
  const forward = `kubectl -n ${namespace} port-forward deployment/${name} ${forwarded}`;
  if (host === undefined && cluster?.isOwn === false) {
    const remedy = `${forward}, and then: tailway doctor --host 127.0.0.1`;
    return inArea('Ports', [{ level: 'skipped', subject: 'ports', detail: 'are not reached from here', remedy }]);
  }
  if (host !== undefined && !URL.canParse(`http://${host.includes(':') ? `[${host}]` : host}`)) {
    throw new WrongCall(`--host: ${JSON.stringify(host)} must be a name or an address, without a port`);
  }
  const found = host ?? (cluster === undefined ? '127.0.0.1' : `${name}.${namespace}.svc`);
  const places = [
    { use: 'xDS', host: found, port: ports.xds },
    ...(cluster === undefined ? [] : [{ use: 'hooks', host: found, port: ports.hooks }]),
  ];
  const remedy =
    cluster === undefined ? 'start it: tailway serve' : `look at its log, or forward the ports: ${forward}`;
  // The Service does not lead to the probes' port.
  const isDirect = host !== undefined || cluster === undefined;
  const [grpc, readiness] = await Promise.all([
    checkPorts(places, remedy),
    isDirect && ports.health !== undefined ? checkReadiness(found, ports.health, remedy) : undefined,
  ]);
  return inArea('Ports', readiness === undefined ? grpc : [...grpc, readiness]);
}
