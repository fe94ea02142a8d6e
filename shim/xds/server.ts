import type { XdsLog, XdsObserver, XdsStreamStatus } from './observer.ts';
import type { ResourceCache } from './resource-cache.ts';

/** What an xDS server is made of. */
export interface XdsServerOptions {
  readonly cache: ResourceCache;
  readonly log: XdsLog;
  /** The only node that gets anything; unset or empty: every node. */
  readonly nodeId?: string;
  readonly observer?: Partial<XdsObserver>;
  /** How often peers are pinged; one that has not answered by the next ping is cut off. */
  readonly pingIntervalMs?: number;
  /** Milliseconds, monotonic. */
  readonly clock?: () => number;
}

/** ADS, CDS, EDS, LDS and RDS, state of the world and delta, with gRPC health and reflection, on one plaintext port. */
export interface XdsServer {
  /** Rejects when the address can't be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Ends all streams with UNAVAILABLE, and after `graceMs` cuts off the connections that are still there. */
  close(options: { readonly graceMs: number }): Promise<void>;
  /** One entry for each subscription of each stream. */
  streams(): readonly XdsStreamStatus[];
}

/** Builds a server for what is in `cache`; it serves from `listen` on. */
export function createXdsServer(_options: XdsServerOptions): XdsServer {
  throw new Error('not implemented');
}
