import type { Settings } from '../../settings/definitions.ts';
import { WrongCall } from '../command-error.ts';
import type { Flags, FlagValues } from '../flag.ts';
import type { Person } from './cluster-objects.ts';
import type { DeployedShim } from './deployed-shim.ts';
import type { DoctorCluster } from './doctor-cluster.ts';

/** What is installed where. */
export interface ClusterPlace {
  readonly namespace: string;
  /** Of the Deployment and the Service. */
  readonly name: string;
  /** The shim's ServiceAccount; undefined: it is the shim's own Pod that asks. */
  readonly account: Person | undefined;
  /** Undefined: not known. */
  readonly deployed: DeployedShim | undefined;
  readonly envoyGatewayNamespace: string;
  /** The namespaces whose resources count; empty: all. */
  readonly namespaces: readonly string[];
  /** `health`: undefined where there are no probes. */
  readonly ports: { readonly hooks: number; readonly xds: number; readonly health: number | undefined };
}

/** The flags that name a place. */
export const placeFlags = {
  namespace: {
    type: 'string',
    value: 'NAME',
    help: "where Tailway is; else the Pod's own, else tailscale-gateway-system",
  },
  name: {
    type: 'string',
    value: 'NAME',
    fallback: 'tailscale-gateway-extension-server',
    help: 'of its Deployment, Service and ServiceAccount',
  },
  as: { type: 'string', value: 'NAMESPACE/NAME', help: 'the ServiceAccount whose rights are checked, if another one' },
  'envoy-gateway-namespace': {
    type: 'string',
    value: 'NAME',
    fallback: 'envoy-gateway-system',
    help: 'where Envoy Gateway is',
  },
} as const satisfies Flags;

type PlaceFlags = FlagValues<typeof placeFlags>;

/**
 * Says where things are, from flags, from the settings of the shim and from its Deployment, as far as they are known.
 * Throws a WrongCall for a flag that names nothing.
 */
export function flagsToPlace(
  { namespace: given, name, as, 'envoy-gateway-namespace': envoyGatewayNamespace }: PlaceFlags,
  cluster: DoctorCluster | undefined,
  settings: Settings | undefined,
  deployed?: DeployedShim,
): ClusterPlace {
  const namespace = given ?? (cluster?.isOwn === true ? cluster.kube.namespace : 'tailscale-gateway-system');
  const named = { '--namespace': namespace, '--name': name, '--envoy-gateway-namespace': envoyGatewayNamespace };
  for (const [flag, value] of Object.entries(named)) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
      throw new WrongCall(`${flag}: ${JSON.stringify(value)} must be a name of small letters, digits and dashes`);
    }
  }
  const { account } = deployed ?? {};
  const [asNamespace = '', asName = '', ...rest] = (as ?? `${namespace}/${account?.name ?? name}`).split('/');
  if (asNamespace === '' || asName === '' || rest.length > 0) {
    throw new WrongCall(`--as: ${JSON.stringify(as)} must be a namespace and a name, such as ${namespace}/${name}`);
  }
  const isSelf = cluster?.isOwn === true && as === undefined;
  return {
    namespace,
    name,
    account: isSelf ? undefined : { namespace: asNamespace, name: asName },
    deployed,
    envoyGatewayNamespace,
    namespaces: settings?.namespaces ?? [],
    ports: {
      hooks: settings?.grpcPort ?? 5005,
      xds: settings?.xdsPort ?? 18_000,
      health: settings === undefined ? 8081 : settings.healthAddress?.port,
    },
  };
}
