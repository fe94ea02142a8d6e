/**
 * The kinds that are read, of their group: Tailway's own, those of Gateway API that say where routes can go, and Secrets,
 * of which nobody reads others than those that a TailscaleTailnet names.
 */
export const resourceKinds = {
  TailscaleEndpoints: { group: 'gateway.tailscale.com', version: 'v1alpha1', plural: 'tailscaleendpoints' },
  TailscaleRoutePolicy: { group: 'gateway.tailscale.com', version: 'v1alpha1', plural: 'tailscaleroutepolicies' },
  TailscaleTailnet: { group: 'gateway.tailscale.com', version: 'v1alpha1', plural: 'tailscaletailnets' },
  Gateway: { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' },
  GatewayClass: { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gatewayclasses' },
  Secret: { group: '', version: 'v1', plural: 'secrets' },
} as const;

/** One of {@link resourceKinds}. */
export type ResourceKind = keyof typeof resourceKinds;

/** A Kubernetes object as a source found it: identity checked, the rest not. */
export interface CustomResource {
  readonly kind: ResourceKind;
  /** Empty for kinds without namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** 0 where the source has none (files). */
  readonly generation: number;
  /** Milliseconds since 1970; 0 where the source has none. */
  readonly createdMs: number;
  readonly labels: Readonly<Record<string, string>>;
  /** `spec` as it stands, unchecked; of a Secret, its `data` and `stringData`. */
  readonly spec: unknown;
  /** Where it was read: `file.yaml:12`, or empty for an API server. */
  readonly place: string;
}

/** Identity of a resource. */
export type ResourceKey = Pick<CustomResource, 'kind' | 'namespace' | 'name'>;

/** A resource that is there from now on, or one that is gone. */
export type CustomResourceChange =
  | { readonly kind: 'set'; readonly resource: CustomResource }
  | { readonly kind: 'remove'; readonly key: ResourceKey };

/** Where custom resources come from: an API server, or a folder of YAML. */
export interface ResourceSource {
  /** For logs and metrics: `kubernetes`, `folder`. */
  readonly name: string;
  /** Reports to `sink` until `signal` aborts; then it resolves. It never rejects for what the source does. */
  run(sink: ResourceSink, signal: AbortSignal): Promise<void>;
}

/** What a source of resources tells. */
export interface ResourceSink {
  /** What is different since the last call; together, all calls say what there is. */
  changed(changes: readonly CustomResourceChange[]): void;
  /** Everything that there was at the start has been told. Called once. */
  synced(): void;
  /** Something cannot be read; the source goes on trying, and what was told stays. */
  failed(failure: { readonly place: string; readonly detail: string }): void;
}
