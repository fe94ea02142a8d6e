import { expect } from 'vitest';
import type {
  DiscoveryRequestSchema,
  DiscoveryResponse,
  DiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import type { GrpcStream } from './grpc-stream.ts';
import { readResource, type TypeUrl } from './resources.ts';

/** A state-of-the-world stream: a client that does what it is told, and remembers nonces and versions as clients must. */
export interface SotwStream {
  /** Sends the list of names of a type, with the last nonce and accepted version. `version` is for the first request after a reconnect. */
  subscribe(typeUrl: TypeUrl, names: readonly string[], options?: { version?: string; nonce?: string }): void;
  /** The next response of a type, not acknowledged. Responses of other types wait. */
  next(typeUrl: TypeUrl): Promise<DiscoveryResponse>;
  /** Acknowledges a response, and returns what it holds. */
  ack(response: DiscoveryResponse): Contents;
  nack(response: DiscoveryResponse): void;
  /** The next response of a type, acknowledged; only its contents. */
  receive(typeUrl: TypeUrl): Promise<Contents>;
  /** Acknowledges whatever comes until nothing comes any more; the contents, oldest first. */
  settle(): Promise<Contents[]>;
  /** Fails when anything comes. */
  expectSilence(): Promise<void>;
  readonly grpc: GrpcStream<typeof DiscoveryRequestSchema, typeof DiscoveryResponseSchema>;
}

/** Revision by name. */
export type Contents = Record<string, number>;

/** Wraps a call of a `Stream…` method. Only the first request carries the node, as the protocol allows. */
export function createSotwStream(grpc: SotwStream['grpc'], nodeId: string): SotwStream {
  const states = new Map<string, { names: readonly string[]; version: string; nonce: string }>();
  let node: { id: string } | undefined = { id: nodeId };

  const stateOf = (typeUrl: string) => {
    const state = states.get(typeUrl) ?? { names: [], version: '', nonce: '' };
    states.set(typeUrl, state);
    return state;
  };
  const request = (typeUrl: string, errorDetail?: { code: number; message: string }) => {
    const { names, version, nonce } = stateOf(typeUrl);
    grpc.send({
      typeUrl,
      resourceNames: [...names],
      versionInfo: version,
      responseNonce: nonce,
      ...(node && { node }),
      ...(errorDetail && { errorDetail }),
    });
    node = undefined;
  };
  const ack = (response: DiscoveryResponse) => {
    Object.assign(stateOf(response.typeUrl), { version: response.versionInfo, nonce: response.nonce });
    request(response.typeUrl);
    return contentsOf(response);
  };

  return {
    subscribe(typeUrl, names, options = {}) {
      Object.assign(stateOf(typeUrl), { names }, options);
      request(typeUrl);
    },
    next: (typeUrl) => grpc.next((response) => response.typeUrl === typeUrl),
    ack,
    nack(response) {
      stateOf(response.typeUrl).nonce = response.nonce;
      request(response.typeUrl, { code: 3, message: 'refused by the conformance suite' });
    },
    async receive(typeUrl) {
      return ack(await grpc.next((response) => response.typeUrl === typeUrl));
    },
    async settle() {
      const all: Contents[] = [];
      await grpc.settle((response) => all.push(ack(response)));
      return all;
    },
    async expectSilence() {
      const responses = await grpc.drain();
      expect(responses.map((response) => [response.typeUrl, contentsOf(response)])).toEqual([]);
    },
    grpc,
  };
}

/**
 * What a response holds. It fails when a name is there twice.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#duplicate-resource-names
 */
export function contentsOf(response: DiscoveryResponse): Contents {
  const contents: Contents = {};
  for (const resource of response.resources) {
    expect(resource.typeUrl).toBe(response.typeUrl);
    const { name, revision } = readResource(resource);
    expect(Object.keys(contents), 'the same name twice in one response').not.toContain(name);
    contents[name] = revision;
  }
  return contents;
}
