import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { formatRefusalReason } from './refusal-reason.ts';
import type { RouteOutcome } from './route-outcomes.ts';
import type { Problem } from './status-condition.ts';
import { type StatusInput, outcomesOf } from './status-input.ts';

/** Endpoints that no gateway has a route for, or that Envoy Gateway or an Envoy has not taken. */
export function findUnprogrammed(input: StatusInput): Problem[] {
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

/** Where the endpoints are, and how many Envoys have taken the devices behind them. */
export function programmedMessage(input: StatusInput): string {
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
