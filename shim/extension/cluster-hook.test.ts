import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Cluster_DiscoveryType, ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ComputeBackendClusterResponseSchema,
  type ComputeBackendClusterRequest,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { unknownField } from './arbitrary-resource.ts';
import { modifyCluster } from './cluster-hook.ts';
import { buildEndpoint, createFakeInputs, hookFunctions } from './fake-inputs.ts';
import { encodeField, readField } from './wire-field.ts';

/** Reads an endpoint's name out of anything but `bad`. */
const parsers = {
  parsePolicy: () => undefined,
  parseEndpoints(json: Uint8Array) {
    const name = Buffer.from(json).toString();
    if (name === 'bad') throw new Error('panic');
    return name === '' ? [] : [buildEndpoint(name)];
  },
};

function request(cluster: Uint8Array, resources: readonly string[]): Buffer {
  const context = resources.map((json) => encodeField(1, encodeField(1, Buffer.from(json))));
  return Buffer.concat([encodeField(1, cluster), encodeField(2, Buffer.concat(context))]);
}

function call(cluster: Uint8Array, resources: readonly string[], inputs = createFakeInputs([], { parsers })): Buffer {
  const { body } = modifyCluster(request(cluster, resources), inputs);
  return readField(Buffer.concat([...body.parts()]), 1) ?? Buffer.alloc(0);
}

/** As Envoy Gateway makes one for a custom backend. */
function backendCluster(): Buffer {
  const cluster = create(ClusterSchema, {
    name: 'httproute/default/app/rule/0',
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { serviceName: 'httproute/default/app/rule/0' },
    connectTimeout: { seconds: 10n, nanos: 0 },
    perConnectionBufferLimitBytes: 32768,
    loadBalancingPolicy: { policies: [{ typedExtensionConfig: { name: 'least_request' } }] },
    typedExtensionProtocolOptions: { other: { typeUrl: 'other', value: Buffer.from('kept') } },
    metadata: {
      filterMetadata: {
        'envoy-gateway': { resources: [{ kind: 'HTTPRoute', namespace: 'default', name: 'app', sectionName: 'rule' }] },
      },
    },
  });
  return Buffer.from(toBinary(ClusterSchema, cluster));
}

test('the hosts are those of the backend, and all else stays', () => {
  const cluster = fromBinary(ClusterSchema, call(backendCluster(), ['web']));
  expect(cluster).toMatchObject({
    name: 'httproute/default/app/rule/0',
    clusterDiscoveryType: { value: Cluster_DiscoveryType.STATIC },
    perConnectionBufferLimitBytes: 32768,
    typedExtensionProtocolOptions: { other: { typeUrl: 'other' } },
  });
  expect(cluster.edsClusterConfig).toBeUndefined();
  expect(cluster.loadAssignment?.endpoints).toHaveLength(1);
  expect(cluster.metadata?.filterMetadata['envoy-gateway']).toBeDefined();
});

test('the functions are told whose cluster it is', () => {
  let asked: ComputeBackendClusterRequest | undefined;
  const functions = {
    ...hookFunctions,
    computeBackendCluster(request: ComputeBackendClusterRequest) {
      asked = request;
      return hookFunctions.computeBackendCluster(request);
    },
  };
  call(backendCluster(), ['web', 'db'], createFakeInputs([], { parsers, functions }));
  expect(asked).toMatchObject({
    clusterName: 'httproute/default/app/rule/0',
    route: { kind: TargetKind.HTTP_ROUTE, namespace: 'default', name: 'app', rule: 'rule' },
    endpoints: [{ ref: { endpoint: 'web' } }, { ref: { endpoint: 'db' } }],
  });
});

describe('stays as it is', () => {
  test.each([
    { title: 'no resource', resources: [] },
    { title: 'a resource of another kind', resources: [''] },
    { title: 'the only resource cannot be read', resources: ['bad'] },
  ])('$title', ({ resources }) => {
    expect(call(backendCluster(), resources)).toEqual(backendCluster());
  });

  test('no endpoint is usable', () => {
    const functions = {
      ...hookFunctions,
      computeBackendCluster: () => create(ComputeBackendClusterResponseSchema),
    };
    const inputs = createFakeInputs([], { parsers, functions });
    expect(call(backendCluster(), ['web'], inputs)).toEqual(backendCluster());
    expect(modifyCluster(request(backendCluster(), ['web']), inputs).clusters).toMatchObject([{ injected: false }]);
  });
});

describe('panics', () => {
  test('a resource that cannot be read is left out', () => {
    const inputs = createFakeInputs([], { parsers });
    expect(call(backendCluster(), ['bad', 'web'], inputs)).toEqual(call(backendCluster(), ['web']));
    expect(inputs.panics).toEqual(['a backend of the cluster']);
  });

  test('an endpoint that cannot be handled is left out, and said', () => {
    const functions = {
      ...hookFunctions,
      computeBackendCluster(request: ComputeBackendClusterRequest) {
        if (request.endpoints.some(({ ref }) => ref?.endpoint === 'db')) throw new Error('panic');
        return hookFunctions.computeBackendCluster(request);
      },
    };
    const inputs = createFakeInputs([], { parsers, functions });
    expect(call(backendCluster(), ['db', 'web'], inputs)).toEqual(call(backendCluster(), ['web']));
    expect(inputs.panics).toContain('default/services/db');
    const { clusters } = modifyCluster(request(backendCluster(), ['db', 'web']), inputs);
    expect(clusters).toMatchObject([
      { endpoints: ['default/services/web'], refused: [{ endpoint: 'default/services/db', reason: 'PANIC' }] },
    ]);
  });
});

test('any cluster: twice is once, and unknown fields stay', () => {
  fc.assert(
    fc.property(fc.array(unknownField, { maxLength: 4 }), fc.boolean(), (unknown, first) => {
      const parts = first ? [...unknown, backendCluster()] : [backendCluster(), ...unknown];
      const once = call(Buffer.concat(parts), ['web']);
      expect(call(once, ['web'])).toEqual(once);
      for (const field of unknown) expect(once.includes(field)).toBe(true);
    }),
  );
});
