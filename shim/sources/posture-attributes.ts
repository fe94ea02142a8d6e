import { create, equals } from '@bufbuild/protobuf';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import { readAttributesAnswer, type AttributesAnswer } from './attributes-answer.ts';
import type { Attributes } from './device-attributes.ts';
import { rejectionToRejectedDevice, type Rejection } from './device-list.ts';
import type { RejectedDevice } from './device-source.ts';
import type { Answer, RequestFailure } from './json-request.ts';
import { planAttributes, type AttributesLimits, type DueAttributes, type KnownAttributes } from './posture-plan.ts';

/** Adds posture attributes to devices that are listed without them. */
export interface PostureAttributes {
  /**
   * Reports the same devices with the attributes that are known of them: at once, unless there are new devices, whose
   * weights would change a moment later; and when the reading of what is due has changed something. With them goes what
   * of the answers could not be used, as long as there is no better one. It bounds its own time.
   */
  complete(
    devices: readonly Device[],
    report: (devices: readonly Device[], rejected: readonly RejectedDevice[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What the attributes' reader is made of. */
export interface PostureAttributesOptions {
  /** Asks for one device's `{attributes, expiries}`. */
  readonly read: (deviceId: string, signal: AbortSignal) => Promise<Answer<unknown>>;
  /** Which devices matter: each costs requests. */
  readonly wants: (device: Device) => boolean;
  /** What was known of a device before this run: its attributes stay until others are read. */
  readonly known?: (deviceId: string) => Device | undefined;
  readonly limits: AttributesLimits;
  /** No request is begun later than this after the first; what is left has to wait for the next poll. */
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Requests at the same time. */
const concurrency = 8;

/** Failures without a success between them that mean that the API fails, and not one device. */
const failuresToPause = 3;

/** How long what has failed is left alone. */
const retryMs = 30_000;

/** How long the attributes of a device that is not listed are remembered. */
const forgetMs = 60 * 60 * 1000;

/**
 * Reads attributes after a poll's listing, within limits. A device whose attributes cannot be read keeps
 * those last known; an API that refuses them all, for want of a scope or of the feature, is told once and asked again
 * seldom.
 */
export function createPostureAttributes(options: PostureAttributesOptions): PostureAttributes {
  const { read, wants, known, limits, budgetMs, clock, log } = options;
  const cache = new Map<string, KnownAttributes>();
  let pausedUntilMs = -Infinity;
  let failing: RequestFailure['reason'] | undefined;

  function remember({ id }: Device): KnownAttributes {
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    const attributes = known?.(id)?.attributes ?? {};
    return { attributes, listing: '', readAtMs: -Infinity, notBeforeMs: -Infinity, listedAtMs: 0, rejected: [] };
  }

  /** Returns whether the attributes, or what is told of them, differ from what was known. */
  function succeeded({ device, listing }: DueAttributes, { attributes, rejections }: AttributesAnswer): boolean {
    const rejected = rejections.map((rejection) => tellOf(device, rejection));
    const nowMs = clock.monotonicMs();
    const before = remember(device);
    cache.set(device.id, { attributes, listing, rejected, readAtMs: nowMs, notBeforeMs: -Infinity, listedAtMs: nowMs });
    return isOther(rejected, before.rejected) || !isSame(device, before.attributes, attributes);
  }

  /**
   * Leaves the device alone for a while, and the whole API where it asks for that or fails again and again. Returns whether
   * what is told differs from what was known.
   */
  function failed({ device }: DueAttributes, failure: RequestFailure, inARow: number): boolean {
    const waitMs = failure.retryAfterMs ?? (isRefusal(failure) ? limits.maxAgeMs : retryMs);
    const untilMs = clock.monotonicMs() + waitMs;
    const before = remember(device);
    const detail = `${failure.detail}; the last known attributes stay`;
    const rejected =
      failure.reason === 'invalid-answer' ? [tellOf(device, { path: ['attributes'], detail })] : before.rejected;
    cache.set(device.id, { ...before, rejected, notBeforeMs: untilMs });
    if (failure.reason === 'rate-limited' || inARow >= failuresToPause) pausedUntilMs = untilMs;
    log.debug({ device: device.id, ...failure }, 'the posture attributes of a device cannot be read');
    return isOther(rejected, before.rejected);
  }

  /** A device has attributes of its own always: none at all, where others are known, are believed only after a while. */
  function doubted({ device }: DueAttributes, answer: Answer<AttributesAnswer>): Answer<AttributesAnswer> {
    if (!answer.ok || !answer.value.isEmpty) return answer;
    const before = remember(device);
    if (Object.keys(before.attributes).length === 0) return answer;
    const nowMs = clock.monotonicMs();
    const emptySinceMs = before.emptySinceMs ?? nowMs;
    if (nowMs - emptySinceMs >= limits.maxAgeMs) return answer;
    cache.set(device.id, { ...before, emptySinceMs });
    const detail = 'an answer has no attributes at all, not even those that every device has';
    return { ok: false, failure: { reason: 'invalid-answer', detail } };
  }

  function tell(successes: number, failure: RequestFailure | undefined): void {
    if (successes > 0) {
      if (failing !== undefined) log.info({}, 'posture attributes can be read again');
      failing = undefined;
    } else if (failure !== undefined && failure.reason !== failing) {
      log.warn({ ...failure }, 'no posture attributes can be read: the last known stay');
      failing = failure.reason;
    }
  }

  /** Returns whether anything has changed. */
  async function readAll(due: readonly DueAttributes[], signal: AbortSignal): Promise<boolean> {
    const queue = due.values();
    const endMs = clock.monotonicMs() + budgetMs;
    let successes = 0;
    let inARow = 0;
    let changed = false;
    let last: RequestFailure | undefined;
    const worker = async () => {
      for (const each of queue) {
        const answer = doubted(each, readAttributesAnswer(await read(each.device.id, signal)));
        if (signal.aborted) return;
        inARow = answer.ok ? 0 : inARow + 1;
        if (answer.ok) {
          successes++;
          changed = succeeded(each, answer.value) || changed;
        } else {
          last = answer.failure;
          changed = failed(each, answer.failure, inARow) || changed;
        }
        if (clock.monotonicMs() < pausedUntilMs || clock.monotonicMs() >= endMs) return;
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, due.length) }, worker));
    if (!signal.aborted) tell(successes, last);
    return changed;
  }

  return {
    async complete(devices, report, signal) {
      const nowMs = clock.monotonicMs();
      const wanted = devices.filter((device) => wants(device) && Object.keys(device.attributes).length === 0);
      const ids = new Set(wanted.map(({ id }) => id));
      const reportKnown = () =>
        report(
          devices.map((device) => (ids.has(device.id) ? withAttributes(device, remember(device).attributes) : device)),
          wanted.flatMap((device) => remember(device).rejected),
        );

      for (const device of wanted) cache.set(device.id, { ...remember(device), listedAtMs: nowMs });
      for (const [id, { listedAtMs }] of cache) if (nowMs - listedAtMs > forgetMs) cache.delete(id);
      const due = nowMs >= pausedUntilMs ? planAttributes(wanted, cache, nowMs, limits) : [];
      const early = due.every(({ isNew }) => !isNew);
      if (early) reportKnown();
      const changed = await readAll(due, signal);
      if (changed || !early) reportKnown();
    },
  };
}

/** Something about a device's attributes as it is told to people: `device n1CNTRL: attributes["custom:x"] (web-1)`. */
function tellOf({ id, name }: Device, rejection: Rejection): RejectedDevice {
  const { place, detail } = rejectionToRejectedDevice({ ...rejection, name });
  return { place: `device ${id}: ${place}`, detail };
}

function isOther(left: readonly RejectedDevice[], right: readonly RejectedDevice[]): boolean {
  return JSON.stringify(left) !== JSON.stringify(right);
}

function isSame(device: Device, left: Attributes, right: Attributes): boolean {
  return equals(DeviceSchema, withAttributes(device, left), withAttributes(device, right));
}

/** Whether asking again soon is in vain: a scope or the feature is missing, or the device is not ours. */
function isRefusal({ reason }: RequestFailure): boolean {
  return reason === 'forbidden' || reason === 'not-found' || reason === 'unauthorized';
}

function withAttributes(device: Device, attributes: Attributes): Device {
  return create(DeviceSchema, { ...device, attributes });
}
