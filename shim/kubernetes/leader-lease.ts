import type { Log } from '../telemetry/log.ts';
import { type Clock, sleep } from '../timing/clock.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError, isKubeError } from './kube-error.ts';
import { apiPath } from './kube-object.ts';
import { microTime } from './micro-time.ts';

/** One of several replicas leads: it alone writes status and Events. All others do without. */
export interface LeaderLease {
  /**
   * Runs `lead` whenever this replica leads, with a signal that aborts as soon as it no longer does, until `signal`
   * aborts; then it gives the lease back, so that another replica need not wait for its end.
   */
  run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** What a lease is made of. */
export interface LeaderLeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Name of this replica; no other may have it. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a leader that has gone silent keeps the lease; default: 15 s. */
  readonly durationMs?: number;
}

const leases = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
interface Lease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

/** A lease in the way of client-go's `leaderelection`: held by renewing, and taken when its record stands still for its duration. */
export function createLeaderLease(options: LeaderLeaseOptions): LeaderLease {
  const { client, namespace, name, identity, clock, log, durationMs = 15_000 } = options;
  const path = apiPath(leases, { namespace, name });
  const retryMs = durationMs / 6;
  /** The last record seen, and when: clocks of other machines are not believed. */
  let seen: { readonly resourceVersion: string; readonly atMs: number } | undefined;

  /** Takes or renews the lease; false while another replica holds it. */
  async function hold(signal: AbortSignal): Promise<boolean> {
    const found = await read(signal);
    const nowMs = clock.now();
    const seenMs = clock.monotonicMs();
    if (found === undefined) {
      await write(
        client,
        'POST',
        apiPath(leases, { namespace }),
        record({ acquiredMs: nowMs, transitions: 0 }),
        signal,
      );
      return true;
    }
    const { metadata, spec = {} } = found;
    const holder = spec.holderIdentity ?? '';
    if (seen?.resourceVersion !== metadata.resourceVersion) {
      seen = { resourceVersion: metadata.resourceVersion, atMs: seenMs };
    }
    const heldMs = (spec.leaseDurationSeconds ?? 0) * 1000;
    if (holder !== '' && holder !== identity && seenMs - seen.atMs < heldMs) return false;
    const { resourceVersion } = metadata;
    const transitions = spec.leaseTransitions ?? 0;
    const acquiredMs = Date.parse(spec.acquireTime ?? '') || nowMs;
    const next =
      holder === identity
        ? record({ resourceVersion, acquiredMs, transitions })
        : record({ resourceVersion, acquiredMs: nowMs, transitions: transitions + 1 });
    await write(client, 'PUT', path, next, signal);
    return true;
  }

  async function read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      // The API server's own answer.
      return (await client.request({ path, timeoutMs: retryMs, signal })) as Lease;
    } catch (err) {
      if (isKubeError(err, 404)) return undefined;
      throw err;
    }
  }

  function record(of: { resourceVersion?: string; acquiredMs: number; transitions: number; holder?: string }): object {
    const { resourceVersion, acquiredMs, transitions, holder = identity } = of;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.ceil(durationMs / 1000),
        acquireTime: microTime(acquiredMs),
        renewTime: microTime(clock.now()),
        leaseTransitions: transitions,
      },
    };
  }

  /** Gives back what is still ours; nobody waits for it. */
  async function release(): Promise<void> {
    const signal = AbortSignal.timeout(retryMs);
    const found = await read(signal);
    if (found?.spec?.holderIdentity !== identity) return;
    const { resourceVersion } = found.metadata;
    const transitions = found.spec.leaseTransitions ?? 0;
    await write(
      client,
      'PUT',
      path,
      record({ resourceVersion, acquiredMs: clock.now(), transitions, holder: '' }),
      signal,
    );
  }

  return {
    async run(lead, signal) {
      let term: { readonly end: AbortController; readonly done: Promise<void> } | undefined;
      let renewedMs = 0;
      let failing = false;
      const begin = () => {
        const end = new AbortController();
        log.info({ identity }, 'leads');
        term = { end, done: lead(end.signal) };
      };
      const finish = async () => {
        if (term === undefined) return;
        const { end, done } = term;
        term = undefined;
        end.abort();
        await done;
      };

      while (!signal.aborted) {
        try {
          const triedMs = clock.monotonicMs();
          if (await hold(signal)) {
            renewedMs = triedMs;
            if (term === undefined) begin();
          } else {
            if (term !== undefined) log.warn({ identity }, 'leads no longer: another replica took the lease');
            await finish();
          }
          if (failing) log.info({}, 'reaches the lease again');
          failing = false;
        } catch (err) {
          if (signal.aborted) break;
          if (!(err instanceof KubeError)) throw err;
          // Of two that write at once, one is refused: no failure.
          if (err.status !== 409 && !failing) {
            log.warn({ error: err.message }, 'cannot read or renew the lease; trying on');
            failing = true;
          }
        }
        // A third of the duration is left to those whose clocks run faster.
        if (term !== undefined && clock.monotonicMs() - renewedMs >= (durationMs * 2) / 3) {
          log.warn({ identity }, 'leads no longer: the lease could not be renewed in time');
          await finish();
        }
        await sleep(clock, retryMs, signal);
      }
      const led = term !== undefined;
      await finish();
      if (led) await release().catch(() => log.info({}, 'the lease could not be given back; it ends by itself'));
    },
  };
}

async function write(
  client: KubeClient,
  method: 'POST' | 'PUT',
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<void> {
  await client.request({ method, path, body, timeoutMs: 5000, signal });
}
