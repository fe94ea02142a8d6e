import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack, timestampFromMs } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildXdsConfigSource } from '../../functions/clusters/xds-config-source.ts';
import { arbitraryRequest as arbitraryClusters } from '../../functions/clusters/arbitrary-request.ts';
import { arbitraryRequest } from '../../functions/endpoints/arbitrary-request.ts';
import { readGoldenCases } from '../../functions/golden/node.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { AddressSchema } from '../../proto/gen/envoy/config/core/v3/address_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { UpstreamTlsContextSchema } from '../../proto/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import {
  ComputeEndpointsRequestSchema,
  ComputeEndpointsResponseSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
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

it('takes the answers of the clusters function to any request', () => {
  fc.assert(
    fc.property(arbitraryClusters, (request) => {
      expect(clustersFunction.findFault(request, clustersFunction.compute(request))).toBeUndefined();
    }),
    { numRuns: 500 },
  );
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

describe('an answer that leads traffic elsewhere is none:', () => {
  const ref = (endpoint: string) => ({ namespace: 'n', resource: 'r', endpoint });
  const clusters = create(ComputeClustersRequestSchema, {
    endpoints: [
      { ref: ref('name'), port: 443, protocol: 2, upstream: { case: 'externalTarget', value: 'example.com:443' } },
      { ref: ref('address'), port: 80, protocol: 1, upstream: { case: 'tailscaleIp', value: '100.64.0.1' } },
      { ref: ref('group'), port: 80, protocol: 1, upstream: { case: 'selector', value: { tags: ['tag:web'] } } },
    ],
  });
  const foreign = create(ClusterLoadAssignmentSchema, {
    endpoints: [
      { lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address: toAddress('203.0.113.66') } } }] },
    ],
  });
  const proxied = { transportSocket: { name: 'envoy.transport_sockets.http_11_proxy' } };

  it.each<{ name: string; cluster: string; change: MessageInitShape<typeof ClusterSchema> }>([
    { name: 'another name', cluster: 'name', change: { name: 'external-backend-other' } },
    { name: 'other hosts', cluster: 'name', change: { loadAssignment: foreign } },
    { name: 'another address', cluster: 'address', change: { loadAssignment: foreign } },
    { name: 'hosts beside a group', cluster: 'group', change: { loadAssignment: foreign } },
    { name: 'no TLS', cluster: 'name', change: { transportSocket: undefined } },
    { name: 'a proxy instead of TLS', cluster: 'name', change: proxied },
    { name: 'a proxy', cluster: 'address', change: proxied },
    { name: 'other sockets for some hosts', cluster: 'name', change: { transportSocketMatches: [{ name: 'any' }] } },
    { name: 'filters', cluster: 'name', change: { filters: [{ name: 'any' }] } },
    {
      name: 'a discovery of its own',
      cluster: 'address',
      change: { clusterDiscoveryType: { case: 'clusterType', value: { name: 'original_dst' } } },
    },
    {
      name: 'endpoints from another xDS server',
      cluster: 'group',
      change: {
        edsClusterConfig: { edsConfig: buildXdsConfigSource('dns:///evil:18000'), serviceName: 'n/r/group' },
      },
    },
  ])('a cluster with $name', ({ cluster: name, change }) => {
    const answer = clustersFunction.compute(clusters);
    expect(clustersFunction.findFault(clusters, answer)).toBeUndefined();
    for (const each of answer.clusters.filter(({ endpoint }) => endpoint?.endpoint === name)) {
      each.cluster = create(ClusterSchema, { ...each.cluster, ...change } as MessageInitShape<typeof ClusterSchema>);
    }
    expect(clustersFunction.findFault(clusters, answer)).toMatch(/^a cluster /);
  });

  it('a cluster that takes any certificate', () => {
    const answer = clustersFunction.compute(clusters);
    const tls = create(UpstreamTlsContextSchema, { sni: 'example.com', commonTlsContext: {} });
    for (const { cluster } of answer.clusters.filter(({ endpoint }) => endpoint?.endpoint === 'name')) {
      const { transportSocket } = cluster ?? {};
      if (transportSocket === undefined) continue;
      transportSocket.configType = { case: 'typedConfig', value: anyPack(UpstreamTlsContextSchema, tls) };
    }
    expect(clustersFunction.findFault(clusters, answer)).toContain('certificate');
  });

  const endpoints = create(ComputeEndpointsRequestSchema, {
    now: timestampFromMs(0),
    groups: [{ name: 'web', port: 80, selectorTags: ['tag:web'] }],
    devices: [
      { id: 'a', addresses: ['100.64.0.1'], tags: ['tag:web', 'tag:weight-1'], authorized: true },
      { id: 'b', addresses: ['100.64.0.2'], tags: ['tag:database', 'tag:weight-1'], authorized: true },
    ],
  });

  it.each<{ name: string; endpoints: MessageInitShape<typeof ClusterLoadAssignmentSchema>['endpoints'] }>([
    { name: 'a device that is not in the group', endpoints: toHosts('100.64.0.2', 80) },
    { name: 'another port of a device', endpoints: toHosts('100.64.0.1', 22) },
    { name: 'an address that is nobody', endpoints: toHosts('203.0.113.66', 80) },
    {
      name: 'hosts from elsewhere',
      endpoints: [{ lbConfig: { case: 'ledsClusterLocalityConfig', value: { ledsCollectionName: 'evil' } } }],
    },
  ])('a group with $name', ({ endpoints: lie }) => {
    const answer = endpointsFunction.compute(endpoints);
    expect(endpointsFunction.findFault(endpoints, answer)).toBeUndefined();
    for (const group of answer.groups) {
      group.loadAssignment = create(ClusterLoadAssignmentSchema, { clusterName: 'web', endpoints: lie ?? [] });
    }
    expect(endpointsFunction.findFault(endpoints, answer)).toContain('none of the devices');
  });

  it('a route of the sidecars to another cluster, and hosts in theirs', () => {
    const request = create(ComputeDataPlaneRequestSchema);
    const [routed, hosted] = [dataplaneFunction.compute(request), dataplaneFunction.compute(request)];
    const action = routed.route?.virtualHosts[0]?.routes[0]?.action;
    if (action?.case === 'route') action.value.clusterSpecifier = { case: 'cluster', value: 'evil' };
    if (hosted.cluster !== undefined) hosted.cluster.loadAssignment = foreign;
    for (const answer of [routed, hosted]) {
      expect(dataplaneFunction.findFault(request, answer)).toContain('leads elsewhere');
    }
  });
});

function toAddress(address: string, port = 80): MessageInitShape<typeof AddressSchema> {
  return { address: { case: 'socketAddress', value: { address, portSpecifier: { case: 'portValue', value: port } } } };
}

function toHosts(address: string, port: number): MessageInitShape<typeof ClusterLoadAssignmentSchema>['endpoints'] {
  return [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address: toAddress(address, port) } } }] }];
}
