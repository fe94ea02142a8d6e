import { connect } from 'node:http2';
import { fromBinary } from '@bufbuild/protobuf';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import {
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { typeUrls } from '../../shim/xds/resource.ts';
import { openGrpcStream } from '../conformance/grpc-stream.ts';

/** A client that follows load assignments as a gateway's Envoy does. */
export interface EdsClient {
  /** Addresses of the hosts by name of the assignment, as they were told last; what was never told is absent. */
  hosts(): Promise<Readonly<Record<string, readonly string[]>>>;
  close(): void;
}

/** Subscribes to load assignments at a port of loopback. */
export function createEdsClient(port: number, names: readonly string[]): EdsClient {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const path = '/envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints';
  const stream = openGrpcStream(session, path, DiscoveryRequestSchema, DiscoveryResponseSchema);
  const known: Record<string, readonly string[]> = {};
  const request = { node: { id: 'test' }, typeUrl: typeUrls.endpoint, resourceNames: [...names] };
  stream.send(request);
  return {
    async hosts() {
      for (const { resources, versionInfo, nonce } of await stream.drain()) {
        stream.send({ ...request, versionInfo, responseNonce: nonce });
        for (const { value } of resources) {
          const { clusterName, endpoints } = fromBinary(ClusterLoadAssignmentSchema, value);
          known[clusterName] = endpoints.flatMap(({ lbEndpoints }) => lbEndpoints.map(addressOf)).toSorted();
        }
      }
      return { ...known };
    },
    close: () => session.destroy(),
  };
}

function addressOf({ hostIdentifier }: { hostIdentifier: { case?: string | undefined; value?: unknown } }): string {
  const { address } = (hostIdentifier.value ?? {}) as { address?: { address: { value?: { address?: string } } } };
  return address?.address.value?.address ?? '';
}
