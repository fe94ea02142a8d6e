import { describe, expect, test } from 'vitest';
import {
  ComputeDataPlaneRequestSchema,
  ComputeDataPlaneResponseSchema,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { formatGolden, readGoldenCases, readGoldenOutput } from '../golden/node.ts';
import { anyTypes } from './any-types.ts';
import { computeDataPlane } from './dataplane.ts';

const cases = readGoldenCases(`${import.meta.dirname}/testdata`, ComputeDataPlaneRequestSchema);

describe('golden cases', () => {
  test.each(cases)('$name', (golden) => {
    const actual = formatGolden(ComputeDataPlaneResponseSchema, computeDataPlane(golden.request), anyTypes);
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});

describe('references', () => {
  test.each(cases)('$name: the route leads to the cluster, whose name gRPC clients resolve', ({ request }) => {
    const { listener, apiListener, route, cluster } = computeDataPlane(request);
    const [action] = (route?.virtualHosts ?? []).flatMap(({ routes }) => routes.map(({ action }) => action.value));
    expect(action).toMatchObject({ clusterSpecifier: { case: 'cluster', value: cluster?.name } });
    expect(apiListener?.name).toBe(cluster?.name);
    expect(listener?.name).not.toBe(apiListener?.name);
  });
});
