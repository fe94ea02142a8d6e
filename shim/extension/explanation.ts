/** What became of the objects of Envoy Gateway, as plain data for JSON. */
export interface Explanation {
  /** Whether all resources have been read once. */
  readonly synced: boolean;
  /** Of what is injected now. */
  readonly revision: string;
  readonly virtualHosts: readonly ExplainedVirtualHost[];
  /** Clusters added in PostTranslateModify, and clusters of custom backends. */
  readonly clusters: readonly ExplainedCluster[];
  /** Routes that a policy is about. */
  readonly routes: readonly ExplainedRoute[];
}

/** What was answered for one virtual host. */
export interface ExplainedVirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  /** `namespace/name`; empty where it could not be told. */
  readonly gateway: string;
  readonly listener: string;
  /** What was current when it was answered. */
  readonly revision: string;
  readonly injected: readonly ExplainedInjection[];
  readonly notInjected: readonly ExplainedRefusal[];
}

/** A route that was injected. */
export interface ExplainedInjection {
  readonly route: string;
  /** `namespace/resource/endpoint`. */
  readonly endpoint: string;
  /** `namespace/name` of the policy that asked for it; empty: none. */
  readonly policy: string;
  /** Index among the gateway's own routes that it stands before. */
  readonly before: number;
  /** Name of the gateway's route that takes requests before it; empty: none. */
  readonly shadowedBy: string;
  readonly detail: string;
}

/** An endpoint that was left out. */
export interface ExplainedRefusal {
  /** `namespace/resource/endpoint`. */
  readonly endpoint: string;
  /** The word of the contract, such as `POLICY`; `PANIC` for a bug in its handling. */
  readonly reason: string;
  readonly detail: string;
}

/** What was answered for one cluster. */
export interface ExplainedCluster {
  readonly name: string;
  readonly hook: 'PostTranslateModify' | 'PostClusterModify';
  readonly injected: boolean;
  /** Why it was not, or how it was. */
  readonly detail: string;
  /** `namespace/resource/endpoint` of what is behind it. */
  readonly endpoints: readonly string[];
  readonly refused: readonly ExplainedRefusal[];
}

/** What was answered for one route that a policy is about. */
export interface ExplainedRoute {
  readonly name: string;
  readonly changed: boolean;
  /** `namespace/name` of the policy that decides; empty: none. */
  readonly policy: string;
  readonly detail: string;
}
