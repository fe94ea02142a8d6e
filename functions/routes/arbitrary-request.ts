import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import {
  type ComputeRoutesRequest,
  ComputeRoutesRequestSchema,
  VirtualHostSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { arbitraryEndpoints, arbitraryPolicies } from '../service-endpoint/arbitrary-resources.ts';

const path = fc.constantFrom('/', '/api', '/api/', '/api/web', '/api/web/', '/api/web/x', '/api/webx', '/v1/web', '/x');

const match = fc
  .record({
    pathSpecifier: fc.oneof(
      fc.record({ case: fc.constantFrom('prefix' as const, 'path' as const), value: path }),
      path.filter((path) => !path.endsWith('/')).map((value) => ({ case: 'pathSeparatedPrefix' as const, value })),
      path.map((path) => ({ case: 'safeRegex' as const, value: { regex: `${path}.*` } })),
    ),
    conditions: fc.subarray(['x-a', 'x-c']),
  })
  .map(({ pathSpecifier, conditions }) => ({
    pathSpecifier,
    headers: conditions.map((name) => ({
      name,
      headerMatchSpecifier: {
        case: 'stringMatch' as const,
        value: { matchPattern: { case: 'exact' as const, value: '1' } },
      },
    })),
  }));

const virtualHost = fc
  .record({
    name: fc.constantFrom('v1', 'v2', 'v3'),
    domains: fc.subarray(['*', 'a.example', '*.example', 'a.example:80', 'c.test']),
    gatewayNamespace: fc.constantFrom('a', 'default'),
    gateway: fc.constantFrom('gateway', 'other'),
    listener: fc.constantFrom('http', 'https'),
    routes: fc.array(match, { maxLength: 6 }),
  })
  .map(({ routes, ...virtualHost }) =>
    create(VirtualHostSchema, { ...virtualHost, routes: routes.map((match, index) => ({ name: `r${index}`, match })) }),
  );

/** A request in which endpoints, policies and virtual hosts meet often. */
export const arbitraryRequest: fc.Arbitrary<ComputeRoutesRequest> = fc
  .record({
    virtualHosts: fc.uniqueArray(virtualHost, { maxLength: 3, selector: ({ name }) => name }),
    endpoints: arbitraryEndpoints,
    policies: arbitraryPolicies,
  })
  .map((request) => create(ComputeRoutesRequestSchema, request));
