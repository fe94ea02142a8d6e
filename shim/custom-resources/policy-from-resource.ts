import { create } from '@bufbuild/protobuf';
import { type Duration, durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { findPolicyViolations } from '../../functions/route-policy/policy-violation.ts';
import {
  type RoutePolicy,
  RoutePolicySchema,
  TargetKind,
  UpstreamHttp,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import type { ConvertedResource } from './endpoints-from-resource.ts';
import { durationToMs } from './field-schemas.ts';
import type { Finding } from './finding.ts';
import { parseField } from './parse-field.ts';
import { type RoutePolicySpec, tailscaleRoutePolicySpecSchema } from './tailscale-route-policy-schema.ts';

/** What a TailscaleRoutePolicy comes to. */
export interface ConvertedPolicy {
  /** Absent: something in it is wrong. */
  readonly policy: RoutePolicy | undefined;
  /** What does not count, and why. */
  readonly findings: readonly Finding[];
}

/**
 * Converts a TailscaleRoutePolicy, which nobody has checked. A policy with a wrong field does not count at all: half of
 * what was wanted may send requests where nobody wants them.
 */
export function policyFromResource(resource: ConvertedResource): ConvertedPolicy {
  const place = { path: 'spec', endpoint: '', effect: 'resource-refused' } as const;
  const { value: spec, findings } = parseField(tailscaleRoutePolicySpecSchema, resource.spec ?? {}, place);
  if (spec === undefined) return { policy: undefined, findings };
  const policy = specToPolicy(spec, resource);
  const violations = findPolicyViolations(policy).map(violationToFinding);
  return { policy: violations.length === 0 ? policy : undefined, findings: [...findings, ...violations] };
}

/** What the functions refuse in a policy, besides what its schema does. */
function violationToFinding({ path, message }: ReturnType<typeof findPolicyViolations>[number]): Finding {
  const field = path.replaceAll(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
  const at = `spec.${{ requestTimeout: 'timeouts.request', idleTimeout: 'timeouts.idle' }[field] ?? field}`;
  return { reason: 'Invalid', path: at, effect: 'resource-refused', endpoint: '', detail: `${at} ${message}` };
}

function specToPolicy(spec: RoutePolicySpec, { namespace, name, createdMs }: ConvertedResource): RoutePolicy {
  return create(RoutePolicySchema, {
    namespace,
    name,
    targets: spec.targetRefs.map(({ kind, name, sectionName = '' }) => ({
      kind: targetKinds[kind],
      name,
      sectionName,
    })),
    endpoints: spec.endpoints.map(({ resource, endpoint = '' }) => ({ resource, endpoint })),
    pathPrefix: spec.pathPrefix ?? '',
    hostnames: spec.hostnames,
    headers: spec.headers.map(toHeader),
    upstreamHttp: spec.upstreamHTTP === undefined ? UpstreamHttp.UNSPECIFIED : upstreamVersions[spec.upstreamHTTP],
    ...given('created', createdMs > 0 ? timestampFromMs(createdMs) : undefined),
    ...given('requestTimeout', toDuration(spec.timeouts?.request)),
    ...given('idleTimeout', toDuration(spec.timeouts?.idle)),
    ...given('connectTimeout', toDuration(spec.connectTimeout)),
    ...given('retry', spec.retry && toRetry(spec.retry)),
    ...given('loadBalancing', spec.loadBalancing && toLoadBalancing(spec.loadBalancing)),
    ...given('outlierDetection', spec.outlierDetection && toOutlierDetection(spec.outlierDetection)),
    ...given('circuitBreakers', spec.circuitBreakers),
  });
}

function toHeader({ name, exact, regularExpression = '' }: RoutePolicySpec['headers'][number]) {
  const match =
    exact === undefined
      ? ({ case: 'regularExpression', value: regularExpression } as const)
      : ({ case: 'exact', value: exact } as const);
  return { name, match };
}

function toRetry({ attempts, retryOn: on = '', perTryTimeout }: NonNullable<RoutePolicySpec['retry']>) {
  return { attempts, on, ...given('perTryTimeout', toDuration(perTryTimeout)) };
}

function toLoadBalancing(spec: NonNullable<RoutePolicySpec['loadBalancing']>) {
  return {
    policy: loadBalancingPolicies[spec.policy],
    hashHeader: spec.hashHeader ?? '',
    ...given('panicThreshold', spec.panicThreshold),
    ...given('slowStart', toDuration(spec.slowStart)),
  };
}

function toOutlierDetection(spec: NonNullable<RoutePolicySpec['outlierDetection']>) {
  return {
    enabled: spec.enabled,
    ...given('consecutive5xx', spec.consecutive5xx),
    ...given('interval', toDuration(spec.interval)),
    ...given('baseEjectionTime', toDuration(spec.baseEjectionTime)),
    ...given('maxEjectionPercent', spec.maxEjectionPercent),
  };
}

function toDuration(text: string | undefined): Duration | undefined {
  return text === undefined ? undefined : durationFromMs(durationToMs(text));
}

/** A field that is left out where there is nothing to set. */
function given<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V });
}

const targetKinds = {
  Gateway: TargetKind.GATEWAY,
  HTTPRoute: TargetKind.HTTP_ROUTE,
  GRPCRoute: TargetKind.GRPC_ROUTE,
} as const;

const upstreamVersions = { HTTP1: UpstreamHttp.HTTP1, HTTP2: UpstreamHttp.HTTP2 } as const;

const loadBalancingPolicies = {
  RoundRobin: LoadBalancingPolicy.ROUND_ROBIN,
  LeastRequest: LoadBalancingPolicy.LEAST_REQUEST,
  RingHash: LoadBalancingPolicy.RING_HASH,
  Maglev: LoadBalancingPolicy.MAGLEV,
  Random: LoadBalancingPolicy.RANDOM,
} as const;
