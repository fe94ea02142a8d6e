import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest } from '../../functions/endpoints/arbitrary-request.ts';
import { readGoldenCases } from '../../functions/golden/node.ts';
import { ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { ComputeEndpointsResponseSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { clustersFunction } from './clusters-function.ts';
import { dataplaneFunction } from './dataplane-function.ts';
import { endpointsFunction } from './endpoints-function.ts';

const functions = `${import.meta.dirname}/../../functions`;

describe('the endpoints function', () => {
  it('answers alike what is trimmed, and never an answer that is no answer', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const trimmed = endpointsFunction.trim(request);
        const answer = endpointsFunction.compute(request);
        const again = endpointsFunction.compute(trimmed);
        expect(toBinary(ComputeEndpointsResponseSchema, again)).toEqual(
          toBinary(ComputeEndpointsResponseSchema, answer),
        );
        expect(endpointsFunction.findFault(trimmed, answer)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('knows the answers to other requests', () => {
    fc.assert(
      fc.property(arbitraryRequest, arbitraryRequest, (request, other) => {
        fc.pre(
          request.groups
            .map(({ name }) => name)
            .toSorted()
            .join() !==
            other.groups
              .map(({ name }) => name)
              .toSorted()
              .join(),
        );
        expect(endpointsFunction.findFault(request, endpointsFunction.compute(other))).toEqual(expect.any(String));
      }),
    );
  });
});

describe('the clusters function', () => {
  const cases = readGoldenCases(`${functions}/clusters/testdata/compute-clusters`, ComputeClustersRequestSchema);

  const other = create(ServiceEndpointSchema, { ref: { namespace: 'n', resource: 'other', endpoint: 'other' } });

  it.each(cases)('answers what was asked: $name', ({ request }) => {
    const answer = clustersFunction.compute(request);
    expect(clustersFunction.findFault(request, answer)).toBeUndefined();
    const more = create(ComputeClustersRequestSchema, {
      ...request,
      endpoints: [...request.endpoints, other],
    });
    expect(clustersFunction.findFault(more, answer)).toEqual(expect.any(String));
    expect(clustersFunction.findFault(request, clustersFunction.compute(more))).toEqual(expect.any(String));
  });
});

describe("the data plane's function", () => {
  const cases = readGoldenCases(`${functions}/dataplane/testdata`, ComputeDataPlaneRequestSchema);

  it.each(cases)('answers what was asked: $name', ({ request }) => {
    const answer = dataplaneFunction.compute(request);
    expect(dataplaneFunction.findFault(request, answer)).toBeUndefined();
    const other = create(ComputeDataPlaneRequestSchema, { ...request, clusterName: 'another' });
    expect(dataplaneFunction.findFault(other, answer)).toEqual(expect.any(String));
  });
});
