import { formatReference } from '../../functions/service-endpoint/reference.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Finding } from '../custom-resources/finding.ts';
import type { Condition, TailscaleEndpointsStatus } from '../custom-resources/status-schemas.ts';
import type { Acknowledgement, GatewayTranslation } from './acknowledgement.ts';
import { endpointToHosts, type HostStatus, type TailnetView } from './endpoint-hosts.ts';
import type { EndpointDecision } from './gateway-state.ts';
import { formatRefusalReason } from './refusal-reason.ts';
import type { RouteOutcome } from './route-outcomes.ts';

/** A condition, but for the time that its status has held: who writes it knows what it was before. */
export type DesiredCondition = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'> & {
  readonly observedGeneration: number;
};

/** What the status of a TailscaleEndpoints should say. */
export type DesiredEndpointsStatus = Omit<TailscaleEndpointsStatus, 'conditions'> & {
  readonly conditions: readonly DesiredCondition[];
};

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

/** Hosts that a status names; the API server takes no object of any size. */
const maxHosts = 1000;

/** Computes the status of a TailscaleEndpoints from everything that is known of it. */
export function computeStatus(input: StatusInput): DesiredEndpointsStatus {
  const hosts = input.endpoints.map((endpoint) => ({ endpoint, hosts: decidedHosts(endpoint, input) }));
  const all = [...hosts.flatMap((each) => each.hosts), ...refusedHosts(input)];
  const found = hosts.filter(({ endpoint }) => endpoint.upstream.case === 'selector').flatMap((each) => each.hosts);
  const problems = {
    accepted: findRefusals(input),
    resolved: findUnresolved(input, hosts),
    programmed: findUnprogrammed(input),
  };
  return {
    conditions: [
      toCondition(input, 'Accepted', problems.accepted, ignoredFields(input), 'All of it is as it should be.'),
      toCondition(input, 'ResolvedRefs', problems.resolved, undefined, 'All that it names is known.'),
      toCondition(input, 'Programmed', problems.programmed, undefined, programmedMessage(input)),
    ],
    discoveredEndpoints: found.length + input.discovered,
    totalEndpoints: all.length,
    healthyEndpoints: all.filter(({ health }) => health !== 'Unhealthy').length,
    ...(input.tailnet.lastSyncMs === undefined ? {} : { lastSync: formatTime(input.tailnet.lastSyncMs) }),
    endpointStatus: all.slice(0, maxHosts),
  };
}

/** The hosts of an endpoint, which are left out when it is refused. */
function decidedHosts(endpoint: ServiceEndpoint, { tailnet, decisionOf }: StatusInput): HostStatus[] {
  const hosts = endpointToHosts(endpoint, tailnet);
  const decision = decisionOf(endpoint);
  if (decision.kind !== 'refused') return hosts;
  const { reason, detail } = decision.refused;
  const why = { health: 'Unhealthy', reason: formatRefusalReason(reason), message: detail } as const;
  return hosts.map((host) => Object.assign(host, why));
}

/** The endpoints that are no endpoints, each once. */
function refusedHosts({ findings }: StatusInput): HostStatus[] {
  const refused = findings.filter(({ effect }) => effect === 'endpoint-refused');
  const byPlace = Map.groupBy(refused, ({ path }) => /^spec\.endpoints\[\d+\]/.exec(path)?.[0] ?? path);
  return [...byPlace].map(([place, all]) => ({
    name: all[0]?.endpoint || place,
    health: 'Unhealthy',
    reason: all[0]?.reason ?? 'Invalid',
    message: summarize(all),
  }));
}

/** Why a condition does not hold. */
interface Problem {
  readonly reason: string;
  readonly detail: string;
  /** Whether it may be gone without anybody doing anything. */
  readonly pending?: boolean;
}

/** What is wrong with the resource, by itself or beside others. */
function findRefusals(input: StatusInput): Problem[] {
  const refused = input.findings.filter(({ effect }) => effect !== 'field-ignored');
  const decided = input.endpoints.flatMap((endpoint): Problem[] => {
    const name = endpoint.ref?.endpoint ?? '';
    const decision = input.decisionOf(endpoint);
    if (decision.kind === 'refused') {
      const { reason, detail } = decision.refused;
      return [{ reason: formatRefusalReason(reason), detail: `endpoint "${name}": ${detail}` }];
    }
    const conflict = outcomesOf(input, endpoint).find(({ reason }) => reason === 'Conflicted');
    return conflict === undefined
      ? []
      : [{ reason: conflict.reason, detail: `endpoint "${name}" on ${conflict.listener}: ${conflict.detail}` }];
  });
  return [...refused, ...decided];
}

function ignoredFields({ findings }: StatusInput): Problem | undefined {
  const ignored = findings.filter(({ effect }) => effect === 'field-ignored');
  return ignored.length === 0 ? undefined : { reason: 'FieldsIgnored', detail: summarize(ignored) };
}

/** Devices that are named and not there. */
function findUnresolved(
  input: StatusInput,
  hosts: readonly { readonly endpoint: ServiceEndpoint; readonly hosts: readonly HostStatus[] }[],
): Problem[] {
  const foreign = input.findings.filter(({ reason }) => reason === 'UnknownTailnet');
  const onTailnet = hosts.filter(({ endpoint }) => endpoint.upstream.case !== 'externalTarget');
  if (onTailnet.length === 0 && !input.discovers) return foreign;
  if (input.tailnets.length === 0) {
    // A gateway reaches a device by its address or name without knowing more of it.
    const needing = onTailnet.filter(({ endpoint }) => endpoint.upstream.case === 'selector');
    if (needing.length === 0 && !input.discovers) return foreign;
    return [
      ...foreign,
      {
        reason: 'NoDevices',
        detail:
          'no devices are read: create a TailscaleTailnet in the namespace, or configure credentials of a tailnet, or a file of devices',
      },
    ];
  }
  if (!input.tailnet.known) {
    return [...foreign, { reason: 'Pending', detail: unreadDetail(input.tailnets), pending: true }];
  }
  return [...foreign, ...onTailnet.flatMap(({ endpoint, hosts }) => findMissing(endpoint, hosts))];
}

function unreadDetail(tailnets: readonly string[]): string {
  const resources = tailnets.filter((name) => name !== '');
  const where = resources.length === 0 ? '' : `: the status of TailscaleTailnet ${resources.join(', ')} says why`;
  return `the devices of the tailnet have not been read yet${where}`;
}

function findMissing({ ref, upstream }: ServiceEndpoint, hosts: readonly HostStatus[]): Problem[] {
  const name = ref?.endpoint ?? '';
  if (upstream.case === 'selector') {
    if (hosts.some(({ health }) => health !== 'Unhealthy')) return [];
    const tags = upstream.value.tags.join(', ');
    const found =
      hosts.length === 0 ? `no device carries ${tags}` : `none of the ${hosts.length} devices with ${tags} is usable`;
    return [{ reason: 'NoMatchingDevices', detail: `endpoint "${name}": ${found}` }];
  }
  if (hosts.every(({ device }) => device !== undefined)) return [];
  return [
    { reason: 'DeviceNotFound', detail: `endpoint "${name}": no device of the tailnet has ${String(upstream.value)}` },
  ];
}

/** Endpoints that no gateway has a route for. */
function findUnprogrammed(input: StatusInput): Problem[] {
  const refused = input.findings.filter(({ effect }) => effect !== 'field-ignored');
  const decided = input.endpoints.flatMap((endpoint): Problem[] => {
    const name = endpoint.ref?.endpoint ?? '';
    const decision = input.decisionOf(endpoint);
    switch (decision.kind) {
      case 'refused':
        return [
          {
            reason: formatRefusalReason(decision.refused.reason),
            detail: `endpoint "${name}": ${decision.refused.detail}`,
          },
        ];
      case 'pending':
        return [{ reason: 'Pending', detail: `endpoint "${name}" is not decided yet`, pending: true }];
      case 'injected':
        return [...findUntranslated(name, endpoint, input), ...notTaken(name, input.acknowledgementOf(endpoint))];
      default:
        return decision satisfies never;
    }
  });
  return [...refused, ...decided];
}

/** An endpoint that is on no Gateway, or on none that Envoy Gateway has translated with it. */
function findUntranslated(name: string, endpoint: ServiceEndpoint, input: StatusInput): Problem[] {
  const outcomes = outcomesOf(input, endpoint);
  const injected = outcomes.filter((outcome) => outcome.injected);
  if (injected.length === 0) return [notInjected(name, outcomes)];
  const gateways = [...new Set(injected.map(({ listener }) => gatewayOf(listener)))];
  const translations = gateways.map((gateway) => ({ gateway, translation: input.translationOf(gateway) }));
  if (translations.some(({ translation }) => translation.kind === 'translated')) return [];
  return translations.map(({ gateway, translation }) =>
    translation.kind === 'refused'
      ? {
          reason: 'RefusedByEnvoyGateway',
          detail: `Envoy Gateway refuses the TailscaleGatewayRevision ${gateway}: ${translation.message}`,
        }
      : {
          reason: 'Pending',
          detail: `Envoy Gateway has not taken the TailscaleGatewayRevision ${gateway} yet; if that stays, see its extensionManager.policyResources`,
          pending: true,
        },
  );
}

/** `namespace/name` of the Gateway of a listener. */
function gatewayOf(listener: string): string {
  return listener.slice(0, listener.lastIndexOf('/'));
}

function notInjected(name: string, outcomes: readonly RouteOutcome[]): Problem {
  const [first] = outcomes;
  return first === undefined
    ? {
        reason: 'NoGateway',
        detail: `endpoint "${name}": there is no Gateway of Envoy Gateway with an HTTP listener`,
      }
    : { reason: first.reason, detail: `endpoint "${name}" on ${first.listener}: ${first.detail}` };
}

/** Envoys that did not take the devices of a group. */
function notTaken(name: string, acknowledgement: Acknowledgement | undefined): Problem[] {
  if (acknowledgement === undefined) return [];
  const { acknowledged, pending, refused } = acknowledgement;
  const [first] = refused;
  if (first !== undefined) {
    const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
    const detail = `endpoint "${name}": Envoy ${first.nodeId}${more} refuses its devices: ${first.message}`;
    return [{ reason: 'RefusedByEnvoy', detail }];
  }
  return acknowledged === 0 && pending > 0
    ? [
        {
          reason: 'Pending',
          detail: `endpoint "${name}": Envoy has not acknowledged its devices yet`,
          pending: true,
        },
      ]
    : [];
}

/** How many Envoys have taken the devices of groups, as far as they ask this replica. */
function acknowledgedText(input: StatusInput): string {
  const counts = input.endpoints.flatMap((endpoint) => {
    const { acknowledged = 0, pending = 0 } = input.acknowledgementOf(endpoint) ?? {};
    const of = pending === 0 ? '' : ` of ${acknowledged + pending}`;
    const envoys = acknowledged + pending === 1 ? 'Envoy' : 'Envoys';
    return acknowledged === 0 ? [] : [`"${endpoint.ref?.endpoint ?? ''}" by ${acknowledged}${of} ${envoys}`];
  });
  const more = counts.length > 8 ? ` and ${counts.length - 8} more` : '';
  return counts.length === 0 ? '' : ` Devices acknowledged: ${counts.slice(0, 8).join(', ')}${more}.`;
}

function programmedMessage(input: StatusInput): string {
  const listeners = new Set<string>();
  for (const endpoint of input.endpoints) {
    for (const { listener, injected } of outcomesOf(input, endpoint)) {
      if (injected && input.translationOf(gatewayOf(listener)).kind === 'translated') listeners.add(listener);
    }
  }
  if (input.endpoints.length === 0) return 'There is nothing to inject.';
  const names = [...listeners].toSorted();
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return `${input.endpoints.length} endpoints on ${names.slice(0, 8).join(', ')}${more}.${acknowledgedText(input)}`;
}

function outcomesOf({ outcomes }: StatusInput, { ref }: ServiceEndpoint): readonly RouteOutcome[] {
  return outcomes.get(formatReference(ref)) ?? [];
}

function toCondition(
  { generation }: StatusInput,
  type: 'Accepted' | 'ResolvedRefs' | 'Programmed',
  problems: readonly Problem[],
  remark: Problem | undefined,
  message: string,
): DesiredCondition {
  const [first] = problems;
  const observedGeneration = generation;
  if (first === undefined) {
    return {
      type,
      status: 'True',
      reason: remark?.reason ?? type,
      message: remark?.detail ?? message,
      observedGeneration,
    };
  }
  const isPending = problems.every(({ pending }) => pending === true);
  const lasting = problems.find(({ pending }) => pending !== true) ?? first;
  return {
    type,
    status: isPending ? 'Unknown' : 'False',
    reason: lasting.reason,
    message: summarize(problems),
    observedGeneration,
  };
}

/** Some sentences for people, not all that there may be. */
function summarize(problems: readonly { readonly detail: string }[]): string {
  const details = [...new Set(problems.map(({ detail }) => detail.slice(0, 1000)))];
  const more = details.length > 10 ? `; and ${details.length - 10} more` : '';
  return details.slice(0, 10).join('; ') + more;
}

function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
