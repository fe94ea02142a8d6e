import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import type {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import type { GrpcStream } from './grpc-stream.ts';
import { readResource, type TypeUrl } from './resources.ts';

/** What one incremental response says: revision by name, `'removed'` for a removed name. */
export type DeltaContents = Record<string, number | 'removed'>;

/** An incremental stream: a client that does what it is told. */
export interface DeltaStream {
  /** Changes the subscription. `versions` are `initial_resource_versions`, for the first request of a type. */
  subscribe(typeUrl: TypeUrl, names: readonly string[], options?: SubscribeOptions): void;
  unsubscribe(typeUrl: TypeUrl, names: readonly string[]): void;
  /** The next response of a type, not acknowledged. Responses of other types wait. */
  next(typeUrl: TypeUrl): Promise<DeltaDiscoveryResponse>;
  /** Acknowledges a response, and returns what it says. */
  ack(response: DeltaDiscoveryResponse): DeltaContents;
  nack(response: DeltaDiscoveryResponse): void;
  /** The next response of a type, acknowledged; only its contents. */
  receive(typeUrl: TypeUrl): Promise<DeltaContents>;
  /** Acknowledges whatever comes until nothing comes any more; all contents in one, later over earlier. */
  settle(): Promise<DeltaContents>;
  /** Fails when anything comes. */
  expectSilence(): Promise<void>;
  readonly grpc: GrpcStream<typeof DeltaDiscoveryRequestSchema, typeof DeltaDiscoveryResponseSchema>;
}

/** What a subscription may carry besides names. */
export interface SubscribeOptions {
  readonly versions?: Readonly<Record<string, string>>;
  readonly unsubscribe?: readonly string[];
  readonly nonce?: string;
}

/** Wraps a call of a `Delta…` method. Only the first request carries the node, as the protocol allows. */
export function createDeltaStream(grpc: DeltaStream['grpc'], nodeId: string): DeltaStream {
  let node: { id: string } | undefined = { id: nodeId };
  const send = (message: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) => {
    if (node) message.node = node;
    grpc.send(message);
    node = undefined;
  };
  const ack = (response: DeltaDiscoveryResponse) => {
    send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
    return deltaContentsOf(response);
  };

  return {
    subscribe(typeUrl, names, { versions = {}, unsubscribe = [], nonce = '' } = {}) {
      send({
        typeUrl,
        resourceNamesSubscribe: [...names],
        resourceNamesUnsubscribe: [...unsubscribe],
        initialResourceVersions: { ...versions },
        responseNonce: nonce,
      });
    },
    unsubscribe: (typeUrl, names) => send({ typeUrl, resourceNamesUnsubscribe: [...names] }),
    next: (typeUrl) => grpc.next((response) => response.typeUrl === typeUrl),
    ack,
    nack({ typeUrl, nonce }) {
      const errorDetail = { code: 3, message: 'refused by the conformance suite' };
      send({ typeUrl, responseNonce: nonce, errorDetail });
    },
    async receive(typeUrl) {
      return ack(await grpc.next((response) => response.typeUrl === typeUrl));
    },
    async settle() {
      const all: DeltaContents = {};
      await grpc.settle((response) => Object.assign(all, ack(response)));
      return all;
    },
    async expectSilence() {
      const responses = await grpc.drain();
      expect(responses.map((response) => [response.typeUrl, deltaContentsOf(response)])).toEqual([]);
    },
    grpc,
  };
}

/**
 * What an incremental response says. It fails when a name is there twice, when a resource's name is not
 * the name inside, or when a resource has no version.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#duplicate-resource-names
 */
export function deltaContentsOf(response: DeltaDiscoveryResponse): DeltaContents {
  const contents: DeltaContents = {};
  const add = (name: string, content: number | 'removed') => {
    expect(Object.keys(contents), 'the same name twice in one response').not.toContain(name);
    contents[name] = content;
  };
  for (const { name, version, resource } of response.resources) {
    if (!resource) throw new Error(`resource ${name} came without content`);
    const read = readResource(resource);
    expect(name).toBe(read.name);
    expect(version, `the version of ${name}`).not.toBe('');
    add(name, read.revision);
  }
  for (const name of response.removedResources) add(name, 'removed');
  return contents;
}
