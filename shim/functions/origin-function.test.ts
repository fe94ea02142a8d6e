import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { expect, it } from 'vitest';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type { Clock } from '../timing/clock.ts';
import { dataplaneFunction } from './dataplane-function.ts';
import type { OriginCaller } from './origin-caller.ts';
import { createOriginFunction } from './origin-function.ts';

const hourMs = 3_600_000;

it.each([
  { name: 'back', jumpMs: -hourMs },
  { name: 'forward', jumpMs: hourMs },
])('a clock that is set $name changes nothing about a call', async ({ jumpMs }) => {
  let nowMs = hourMs;
  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => 0,
    setTimeout(callback) {
      setImmediate(callback);
      return () => undefined;
    },
  };
  const timeouts: number[] = [];
  const caller: OriginCaller = {
    origin: 'http://functions',
    call(_method, _request, { timeoutMs }) {
      timeouts.push(timeoutMs);
      nowMs += jumpMs;
      return Promise.resolve({
        ok: false,
        failure: { result: 'unavailable', code: Code.Unavailable, detail: 'answers with status 502' },
      });
    },
    close: () => undefined,
  };
  const place = createOriginFunction({
    definition: dataplaneFunction,
    caller,
    timeoutMs: 2000,
    clock,
    random: () => 0.5,
    onTry: () => undefined,
    onProbe: () => undefined,
    onCircuit: () => undefined,
  });
  await place.call(create(ComputeDataPlaneRequestSchema));
  place.close();
  expect(timeouts).toEqual([2000, 2000, 2000]);
});
