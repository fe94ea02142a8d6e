import { formatReference } from '../../functions/service-endpoint/reference.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Finding } from '../custom-resources/finding.ts';
import type { Acknowledgement, GatewayTranslation } from './acknowledgement.ts';
import type { TailnetView } from './endpoint-hosts.ts';
import type { EndpointDecision } from './gateway-state.ts';
import type { RouteOutcome } from './route-outcomes.ts';

/** What a status is computed from. */
export interface StatusInput {
  readonly generation: number;
  /** The endpoints that are as they should be, discovered ones included. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** How many of them were discovered. */
  readonly discovered: number;
  readonly findings: readonly Finding[];
  /** Whether devices are needed for more than the endpoints: `autoDiscovery` is on. */
  readonly discovers: boolean;
  readonly decisionOf: (endpoint: ServiceEndpoint) => EndpointDecision;
  /** By reference. */
  readonly outcomes: ReadonlyMap<string, readonly RouteOutcome[]>;
  readonly tailnet: TailnetView;
  /** What Envoys have made of the devices of a group; undefined: the endpoint has none that they ask for. */
  readonly acknowledgementOf: (endpoint: ServiceEndpoint) => Acknowledgement | undefined;
  /** What Envoy Gateway has made of the revision of a Gateway, by `namespace/name`. */
  readonly translationOf: (gateway: string) => GatewayTranslation;
  /** The tailnets that the resource is about, as `Device.tailnet` names them; none: nobody reads devices for it. */
  readonly tailnets: readonly string[];
}

/** What becomes of an endpoint on the listeners of all Gateways. */
export function outcomesOf({ outcomes }: StatusInput, { ref }: ServiceEndpoint): readonly RouteOutcome[] {
  return outcomes.get(formatReference(ref)) ?? [];
}
