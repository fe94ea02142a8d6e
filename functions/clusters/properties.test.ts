import { clone, create, equals, isFieldSet, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ComputeBackendClusterRequestSchema,
  ComputeBackendClusterResponseSchema,
  type ComputeClustersRequest,
  ComputeClustersRequestSchema,
  ComputeClustersResponseSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { shuffle } from '../service-endpoint/arbitrary-resources.ts';
import { parseGroupName } from '../service-endpoint/group-name.ts';
import { formatReference } from '../service-endpoint/reference.ts';
import { parseClusterName } from '../service-endpoint/service-name.ts';
import { arbitraryRequest } from './arbitrary-request.ts';
import { computeBackendCluster } from './backend-cluster.ts';
import { computeClusters } from './clusters.ts';
import { mergedField, ownedFields, preferredFields } from './overlay-fields.ts';

const parameters = { numRuns: 300 };

describe('for any request', () => {
  test('the order of lists changes no byte', () => {
    fc.assert(
      fc.property(arbitraryRequest, fc.integer(), (request, seed) => {
        expect(bytesOf(mix(request, seed))).toEqual(bytesOf(request));
        expect(backendBytesOf(mix(request, seed))).toEqual(backendBytesOf(request));
      }),
      parameters,
    );
  });

  test('the request is left as it was', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const before = clone(ComputeClustersRequestSchema, request);
        computeClusters(request);
        computeBackendCluster(toBackendRequest(request));
        expect(equals(ComputeClustersRequestSchema, request, before)).toBe(true);
      }),
      parameters,
    );
  });

  test('every endpoint has a cluster or a reason, and every name says whose it is', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const { clusters, refused } = computeClusters(request);
        const told = [...clusters, ...refused].map(({ endpoint }) => formatReference(endpoint));
        expect(told.toSorted()).toEqual(request.endpoints.map(({ ref }) => formatReference(ref)).toSorted());
        expect(new Set(clusters.map(({ cluster }) => cluster?.name)).size).toBe(clusters.length);
        for (const { cluster, endpoint, group } of clusters) {
          const name = parseClusterName(cluster?.name ?? '');
          expect(name?.service).toBe(endpoint?.endpoint);
          const { namespace, resource } = endpoint ?? {};
          expect(name?.apart ?? { namespace, resource }).toEqual({ namespace, resource });
          expect(parseGroupName(group)).toEqual(group === '' ? undefined : endpoint);
          expect(cluster?.edsClusterConfig?.serviceName ?? '').toBe(group);
        }
      }),
      parameters,
    );
  });

  test('a backend has all its endpoints, or a reason for each one that it has not', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const { overlay, group, refused } = computeBackendCluster(toBackendRequest(request));
        const localities = overlay?.loadAssignment?.endpoints ?? [];
        const used = group === '' ? localities.map(({ locality }) => locality?.subZone ?? '') : [group];
        const told = [...used, ...refused.map(({ endpoint }) => formatReference(endpoint))];
        expect(told.toSorted()).toEqual(request.endpoints.map(({ ref }) => formatReference(ref)).toSorted());
        expect(overlay === undefined).toBe(used.length === 0);
        const known = new Set([...ownedFields, ...preferredFields, mergedField]);
        const fields = overlay === undefined ? [] : ClusterSchema.fields.filter((field) => isFieldSet(overlay, field));
        expect(fields.filter(({ number }) => !known.has(number)).map(({ name }) => name)).toEqual([]);
      }),
      parameters,
    );
  });
});

function bytesOf(request: ComputeClustersRequest): Uint8Array {
  return toBinary(ComputeClustersResponseSchema, computeClusters(request));
}

function backendBytesOf(request: ComputeClustersRequest): Uint8Array {
  return toBinary(ComputeBackendClusterResponseSchema, computeBackendCluster(toBackendRequest(request)));
}

function toBackendRequest({ endpoints, policies }: ComputeClustersRequest) {
  return create(ComputeBackendClusterRequestSchema, { clusterName: 'backend', endpoints, policies });
}

function mix(request: ComputeClustersRequest, seed: number): ComputeClustersRequest {
  const mixed = clone(ComputeClustersRequestSchema, request);
  mixed.endpoints = shuffle(mixed.endpoints, seed);
  mixed.policies = shuffle(mixed.policies, seed);
  for (const { upstream } of mixed.endpoints) {
    if (upstream.case === 'selector') {
      upstream.value.tags = shuffle(upstream.value.tags, seed);
    }
  }
  return mixed;
}
