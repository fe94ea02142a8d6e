import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { compareText } from '../../functions/compare-text.ts';
import {
  ComputeEndpointsRequestSchema,
  type ComputeEndpointsResponse,
  type Group,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { callBatches } from '../functions/call-batches.ts';
import { isAboutContent } from '../functions/call-error.ts';
import type { FunctionsClient } from '../functions/functions-client.ts';
import type { KnownDevice } from './device-book.ts';

/** A group and the devices that it selects. */
export interface GroupInput {
  readonly group: Group;
  readonly devices: readonly KnownDevice[];
}

/** What was computed, and which groups have no answer. */
export interface EndpointResults {
  readonly answered: readonly ComputeEndpointsResponse[];
  readonly failed: readonly FailedGroup[];
}

/** A group without an answer. */
export interface FailedGroup {
  readonly name: string;
  readonly err: unknown;
  /** Whether what is in it is the reason, so that another try would fail too. */
  readonly permanent: boolean;
}

/** How much one call holds. */
export interface BatchLimits {
  /** Devices, counted once for each group that selects them: the time of a call grows with them. */
  readonly members: number;
  readonly groups: number;
  /** Bytes of the devices. */
  readonly bytes: number;
}

/** Within the 10 ms of CPU that a Worker of the smallest plan has for a call, and a short turn of the event loop in process. */
const batchLimits: BatchLimits = { members: 500, groups: 250, bytes: 512 * 1024 };

/** How many calls are under way at once: a thousand groups are not a thousand round trips one after another. */
const parallelCalls = 4;

/** Fills calls one after another; a group that alone is more than a call should hold has one for itself, whole. */
export function planBatches(inputs: readonly GroupInput[], limits: BatchLimits = batchLimits): GroupInput[][] {
  const batches: GroupInput[][] = [];
  let members = Infinity;
  let bytes = Infinity;
  for (const input of inputs) {
    const size = input.devices.reduce((sum, device) => sum + device.size, 0);
    members += input.devices.length;
    bytes += size;
    const current = batches.at(-1);
    if (current === undefined || members > limits.members || bytes > limits.bytes || current.length >= limits.groups) {
      batches.push([input]);
      members = input.devices.length;
      bytes = size;
    } else {
      current.push(input);
    }
  }
  return batches;
}

/** Computes groups, several in one call; one group harms no other. */
export async function computeEndpointBatches(
  functions: Pick<FunctionsClient, 'computeEndpoints'>,
  inputs: readonly GroupInput[],
  nowMs: number,
): Promise<EndpointResults> {
  const { answered, failed } = await callBatches({
    batches: planBatches(inputs),
    call: (batch) => functions.computeEndpoints(toRequest(batch, nowMs)),
    parallel: parallelCalls,
  });
  return {
    answered: answered.map(({ answer }) => answer),
    failed: failed.map(({ input, err }) => ({ name: input.group.name, err, permanent: isAboutContent(err) })),
  };
}

/** The devices that any of the groups selects, each once. */
function toRequest(batch: readonly GroupInput[], nowMs: number) {
  const devices = [...new Set(batch.flatMap((input) => input.devices))].map(({ device }) => device);
  return create(ComputeEndpointsRequestSchema, {
    now: timestampFromMs(nowMs),
    groups: batch.map(({ group }) => group),
    devices: devices.toSorted((a, b) => compareText(a.id, b.id)),
  });
}
