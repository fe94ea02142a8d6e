import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import {
  type ComputeClustersRequest,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { arbitraryEndpoints, arbitraryPolicies } from '../service-endpoint/arbitrary-resources.ts';

/** A request in which endpoints and policies meet often. */
export const arbitraryRequest: fc.Arbitrary<ComputeClustersRequest> = fc
  .record({ endpoints: arbitraryEndpoints, policies: arbitraryPolicies })
  .map((request) => create(ComputeClustersRequestSchema, request));
