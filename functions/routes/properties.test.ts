import { clone, create, equals, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ComputeRoutesRequest,
  ComputeRoutesRequestSchema,
  ComputeRoutesResponseSchema,
  ExistingRouteSchema,
  type InjectedRoute,
  type VirtualHost,
  type VirtualHostResult,
  VirtualHostSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { shuffle } from '../service-endpoint/arbitrary-resources.ts';
import { formatReference } from '../service-endpoint/reference.ts';
import { arbitraryRequest } from './arbitrary-request.ts';
import { computeRoutes } from './routes.ts';

const parameters = { numRuns: 300 };

describe('for any request', () => {
  test('the order of lists changes no byte', () => {
    fc.assert(
      fc.property(arbitraryRequest, fc.integer(), (request, seed) => {
        expect(bytesOf(mix(request, seed))).toEqual(bytesOf(request));
      }),
      parameters,
    );
  });

  test('the request is left as it was', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const before = clone(ComputeRoutesRequestSchema, request);
        computeRoutes(request);
        expect(equals(ComputeRoutesRequestSchema, request, before)).toBe(true);
      }),
      parameters,
    );
  });

  test('every endpoint has a route or a reason in every virtual host, and no two routes share a name or match', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const all = request.endpoints.map(({ ref }) => formatReference(ref)).toSorted();
        for (const { injected, notInjected } of computeRoutes(request).virtualHosts) {
          const told = [...injected, ...notInjected].map(({ endpoint }) => formatReference(endpoint));
          expect(told.toSorted()).toEqual(all);
          expectUnique(injected.map(({ route }) => route?.name));
          expectUnique(injected.map(({ route }) => JSON.stringify([route?.match])));
          expect(notInjected.every(({ reason, detail }) => reason !== 0 && detail !== '')).toBe(true);
        }
      }),
      parameters,
    );
  });

  test('one name means one endpoint in all virtual hosts', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const owners = new Map<string, string>();
        for (const { route, endpoint } of computeRoutes(request).virtualHosts.flatMap(({ injected }) => injected)) {
          const name = route?.name ?? '';
          expect(owners.get(name) ?? formatReference(endpoint)).toBe(formatReference(endpoint));
          owners.set(name, formatReference(endpoint));
        }
      }),
      parameters,
    );
  });

  test('places are in order, and longer paths come before shorter ones that hold them', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        for (const [result, virtualHost] of pairs(request)) {
          const places = result.injected.map(({ before }) => before);
          expect(places).toEqual(places.toSorted((a, b) => a - b));
          expect(places.every((place) => place <= virtualHost.routes.length)).toBe(true);
          for (const [index, route] of result.injected.entries()) {
            const earlier = result.injected.slice(0, index);
            expect(earlier.some((other) => pathOf(route).startsWith(`${pathOf(other)}/`))).toBe(false);
          }
        }
      }),
      parameters,
    );
  });

  test('applied to its own result, nothing is injected again', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const virtualHosts = pairs(request).map(([result, virtualHost]) => apply(virtualHost, result));
        const again = computeRoutes(create(ComputeRoutesRequestSchema, { ...request, virtualHosts }));
        expect(again.virtualHosts.flatMap(({ injected }) => injected)).toEqual([]);
      }),
      parameters,
    );
  });

  test("the gateway's own routes that are as specific or more stay ahead", () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        for (const [{ injected }, { routes }] of pairs(request)) {
          for (const route of injected) {
            const specific = routes.findLastIndex(({ match }) => {
              const path = match?.pathSpecifier;
              return (
                path?.case === 'path' && (path.value === pathOf(route) || path.value.startsWith(`${pathOf(route)}/`))
              );
            });
            expect(route.before).toBeGreaterThan(specific);
          }
        }
      }),
      parameters,
    );
  });
});

function bytesOf(request: ComputeRoutesRequest): Uint8Array {
  return toBinary(ComputeRoutesResponseSchema, computeRoutes(request));
}

function mix(request: ComputeRoutesRequest, seed: number): ComputeRoutesRequest {
  const mixed = clone(ComputeRoutesRequestSchema, request);
  for (const policy of mixed.policies) {
    policy.targets = shuffle(policy.targets, seed);
    policy.endpoints = shuffle(policy.endpoints, seed);
    policy.hostnames = shuffle(policy.hostnames, seed);
    policy.headers = shuffle(policy.headers, seed);
  }
  for (const virtualHost of mixed.virtualHosts) {
    virtualHost.domains = shuffle(virtualHost.domains, seed);
  }
  mixed.virtualHosts = shuffle(mixed.virtualHosts, seed);
  mixed.endpoints = shuffle(mixed.endpoints, seed);
  mixed.policies = shuffle(mixed.policies, seed);
  return mixed;
}

function pairs(request: ComputeRoutesRequest): (readonly [VirtualHostResult, VirtualHost])[] {
  return computeRoutes(request).virtualHosts.flatMap((result) => {
    const virtualHost = request.virtualHosts.find(({ name }) => name === result.name);
    return virtualHost === undefined ? [] : [[result, virtualHost] as const];
  });
}

function apply(virtualHost: VirtualHost, { injected }: VirtualHostResult): VirtualHost {
  const existing = ({ route }: InjectedRoute) =>
    create(ExistingRouteSchema, { name: route?.name ?? '', ...(route?.match && { match: route.match }) });
  const at = (index: number) => injected.filter(({ before }) => before === index).map(existing);
  const routes = virtualHost.routes.flatMap((route, index) => [...at(index), route]);
  return create(VirtualHostSchema, { ...virtualHost, routes: [...routes, ...at(virtualHost.routes.length)] });
}

function pathOf({ route }: InjectedRoute): string {
  return route?.match?.pathSpecifier.case === 'pathSeparatedPrefix' ? route.match.pathSpecifier.value : '';
}

function expectUnique(values: readonly unknown[]): void {
  expect(new Set(values).size).toBe(values.length);
}
