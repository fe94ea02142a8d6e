import { performance } from 'node:perf_hooks';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** What was measured of one way to call a function, with one size of request. */
export interface CallFigures {
  readonly calls: number;
  /** With several callers at once. */
  readonly callsPerSecond: number;
  /** With one caller. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How many callers there are at once when throughput is measured. */
const callers = 8;

/** A request whose answer has `count` endpoints, in ten weighted localities. */
export function buildRequest(count: number): ComputeEndpointsRequest {
  return create(ComputeEndpointsRequestSchema, {
    now: timestampFromMs(Date.UTC(2026, 0, 1)),
    groups: [{ name: 'web', port: 8080 }],
    devices: Array.from({ length: count }, (_, index) => ({
      id: `n${index}`,
      name: `web-${index}.tail1234.ts.net`,
      authorized: true,
      addresses: [
        `100.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255 || 1}`,
        `fd7a:115c:a1e0::${index + 1}`,
      ],
      tags: ['tag:web', `tag:cluster-${index % 10}-weight-${(index % 10) + 1}`],
    })),
  });
}

/** Calls for `seconds` with one caller and for as long with several, after a few calls that do not count. */
export async function measureCalls(call: () => Promise<unknown>, seconds: number): Promise<CallFigures> {
  for (let warmUp = 0; warmUp < 5; warmUp++) {
    await call();
  }
  const latencies = await callUntil(call, performance.now() + seconds * 1000);
  const start = performance.now();
  const end = start + seconds * 1000;
  const parallel = await Promise.all(Array.from({ length: callers }, () => callUntil(call, end)));
  const calls = parallel.reduce((sum, { length }) => sum + length, 0);
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    calls: calls + latencies.length,
    callsPerSecond: (calls * 1000) / (performance.now() - start),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

async function callUntil(call: () => Promise<unknown>, end: number): Promise<number[]> {
  const latencies: number[] = [];
  do {
    const start = performance.now();
    await call();
    latencies.push(performance.now() - start);
  } while (performance.now() < end);
  return latencies;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
