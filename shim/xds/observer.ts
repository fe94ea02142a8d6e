import type { Log } from '../telemetry/log.ts';
import type { TypeUrl } from './resource.ts';

/** What the xDS server needs of a log. */
export type XdsLog = Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;

/** The protocol variant of a stream: state of the world, or incremental. */
export type XdsVariant = 'sotw' | 'delta';

/** What a stream was opened for. */
export interface XdsStreamKind {
  readonly variant: XdsVariant;
  /** The type of the service; undefined for the aggregated one. */
  readonly typeUrl: TypeUrl | undefined;
}

/** Told what the xDS server does, for metrics. Called on the hot path: count, do not wait. */
export interface XdsObserver {
  connectionOpened(): void;
  connectionClosed(): void;
  streamOpened(stream: XdsStreamKind): void;
  streamClosed(stream: XdsStreamKind): void;
  /** A response went to one stream. */
  pushed(push: XdsPush): void;
  /** A client took a response. */
  acked(ack: { readonly typeUrl: TypeUrl; readonly variant: XdsVariant; readonly latencyMs: number }): void;
  /** A client refused a response. */
  nacked(nack: XdsNack): void;
  /** All subscriptions that a transaction concerned have answered, `ms` after it was applied. */
  converged(convergence: { readonly ms: number }): void;
}

/** A response that went to one stream. */
export interface XdsPush {
  readonly typeUrl: TypeUrl;
  readonly variant: XdsVariant;
  /** How many resources it carries. */
  readonly resources: number;
  /** Its size with the frame's header. */
  readonly bytes: number;
}

/** A response that a client refused. */
export interface XdsNack {
  readonly typeUrl: TypeUrl;
  readonly variant: XdsVariant;
  readonly nodeId: string;
  /** The names that were new in the refused response, at most {@link maxNackNames} of them. */
  readonly names: readonly string[];
  readonly version: string;
  /** The client's own words. */
  readonly message: string;
}

/** How many resource names a NACK is told with. */
export const maxNackNames = 16;

/** What is known of one subscription of one stream, for people who look into a running server. */
export interface XdsStreamStatus {
  readonly nodeId: string;
  /** Address and port of the connection. */
  readonly peer: string;
  readonly typeUrl: TypeUrl;
  readonly variant: XdsVariant;
  /** Whether it is one of the types of an aggregated stream. */
  readonly aggregated: boolean;
  readonly wildcard: boolean;
  /** How many names are subscribed to, beside the wildcard. */
  readonly names: number;
  /** Versions are empty until there is one. */
  readonly sentVersion: string;
  readonly ackedVersion: string;
  readonly nackedVersion: string;
  /** What the client said of `nackedVersion`. */
  readonly error: string;
}
