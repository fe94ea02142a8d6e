import { describe, expect, test } from 'vitest';
import {
  ComputeBackendClusterRequestSchema,
  ComputeBackendClusterResponseSchema,
  ComputeClustersRequestSchema,
  ComputeClustersResponseSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { formatGolden, readGoldenCases, readGoldenOutput } from '../golden/node.ts';
import { anyTypes } from './any-types.ts';
import { computeBackendCluster } from './backend-cluster.ts';
import { computeClusters } from './clusters.ts';

const testdata = `${import.meta.dirname}/testdata`;

describe('golden cases of clusters', () => {
  test.each(readGoldenCases(`${testdata}/compute-clusters`, ComputeClustersRequestSchema))('$name', (golden) => {
    const actual = formatGolden(ComputeClustersResponseSchema, computeClusters(golden.request), anyTypes);
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});

describe('golden cases of backend clusters', () => {
  const cases = readGoldenCases(`${testdata}/compute-backend-cluster`, ComputeBackendClusterRequestSchema);
  test.each(cases)('$name', (golden) => {
    const actual = formatGolden(ComputeBackendClusterResponseSchema, computeBackendCluster(golden.request), anyTypes);
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});
