import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';

import { createRegistry } from '@bufbuild/protobuf';
import type { Registry } from '@bufbuild/protobuf';

import { Health } from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { createConvergenceRound } from './convergence.ts';
import { createFlushQueue } from './flush-queue.ts';
import type { FlushableStream } from './flush-queue.ts';
import { createGrpcHealth } from '../grpc/grpc-health.ts';
import { createGrpcReflection } from '../grpc/grpc-reflection.ts';
import { grpcCodes, refuseGrpcStream, serveGrpcStream } from '../grpc/grpc-stream.ts';
import type { GrpcMethod } from '../grpc/grpc-stream.ts';
import { trackConnections } from '../grpc/connections.ts';
import { listenHttp2 } from '../grpc/listen.ts';
import { createNewestNameLists } from './name-list.ts';
import type { XdsLog, XdsObserver, XdsStreamKind, XdsStreamStatus } from './observer.ts';
import { deltaProtocol, sotwProtocol } from './protocol.ts';
import type { TypeUrl } from './resource.ts';
import type { ResourceCache, Transaction } from './resource-cache.ts';
import { createResponseEncoder } from './response-encoder.ts';
import { discoveryMethods, discoveryServices, resourceTypes } from './services.ts';
import type { ResourceAnswer, XdsStreamContext, XdsSubscriber } from './stream-subscription.ts';
import { createXdsStream } from './stream.ts';
import type { XdsStream, XdsStreamMethod } from './stream.ts';
import { createSubscriptionIndex } from './subscription-index.ts';
import type { SubscriptionState } from './subscription.ts';

/** What an xDS server is made of. */
export interface XdsServerOptions {
  readonly cache: ResourceCache;
  readonly log: XdsLog;
  /** The only node that gets anything; unset or empty: every node. */
  readonly nodeId?: string;
  readonly observer?: Partial<XdsObserver>;
  /** The types that stand in an `Any` of a resource, for who asks by reflection. */
  readonly anyTypes?: Registry;
  /** How often peers are pinged; one that has not answered by the next ping is cut off. */
  readonly pingIntervalMs?: number;
  /** How long listeners and routes wait for the answer to the clusters that they may refer to; default: a second. */
  readonly answerWaitMs?: number;
  /** Milliseconds, monotonic. */
  readonly clock?: () => number;
}

/** ADS, CDS, EDS, LDS and RDS, state of the world and delta, with gRPC health and reflection, on one plaintext port. */
export interface XdsServer {
  /** Rejects when the address can't be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Ends all streams with UNAVAILABLE, and after `graceMs` cuts off the connections that are still there. */
  close(options: { readonly graceMs: number }): Promise<void>;
  /** One entry for each subscription of each stream. */
  streams(): readonly XdsStreamStatus[];
  /** What the clients that subscribe to a name have made of its newest resource, one entry for each subscription. */
  answers(typeUrl: TypeUrl, name: string): readonly ResourceAnswer[];
}

/** What a peer may send ahead, on a stream and on a connection: one request of the largest size, without a round trip in between. */
const windowBytes = 4 * 1024 * 1024;

const serverOptions = {
  settings: {
    // One Envoy opens a stream of its own for each EDS cluster of a gateway, all over one connection.
    maxConcurrentStreams: 10_000,
    initialWindowSize: windowBytes,
  },
  // Megabytes of one connection. Beyond it new streams are refused, which 10,000 of them must not come near.
  maxSessionMemory: 256,
};

const defaultPingIntervalMs = 30_000;
const defaultAnswerWaitMs = 1000;

const noObserver: XdsObserver = {
  connectionOpened: ignore,
  connectionClosed: ignore,
  streamOpened: ignore,
  streamClosed: ignore,
  pushed: ignore,
  acked: ignore,
  nacked: ignore,
  converged: ignore,
};

/** Builds a server for what is in `cache`; it serves from `listen` on. */
export function createXdsServer(options: XdsServerOptions): XdsServer {
  const { cache, log, pingIntervalMs = defaultPingIntervalMs, clock = () => performance.now() } = options;
  const observer: XdsObserver = { ...noObserver, ...options.observer };
  const index = createSubscriptionIndex<XdsSubscriber>();
  const encoder = createResponseEncoder();
  const flushes = createFlushQueue();
  const ctx: XdsStreamContext = {
    cache,
    encoder,
    index,
    flushes,
    nameLists: createNewestNameLists(),
    nodeId: options.nodeId ?? '',
    log,
    observer,
    clock,
    answerWaitMs: options.answerWaitMs ?? defaultAnswerWaitMs,
  };
  const health = createGrpcHealth(discoveryServices.map(({ service }) => service.typeName));
  const streams = new Set<XdsStream>();
  const methods = new Map<string, GrpcMethod>([
    ...[...discoveryMethods()].map(([path, kind]) => [path, discoveryMethod(kind)] as const),
    ...health.methods,
    ...createGrpcReflection(
      [...discoveryServices.map(({ service }) => service), Health],
      createRegistry(resourceTypes, options.anyTypes ?? createRegistry()),
    ),
  ]);
  const server = createServer(serverOptions);
  const connections = trackConnections(server, {
    windowBytes,
    log,
    opened: observer.connectionOpened,
    closed: observer.connectionClosed,
  });
  server.on('stream', openStream);
  let stop: (() => void) | undefined;
  let answering = false;

  function discoveryMethod(kind: XdsStreamKind): GrpcMethod {
    const shared = { ctx, kind, onClosed: (stream: XdsStream) => void streams.delete(stream) };
    return kind.variant === 'sotw'
      ? openWith({ ...shared, protocol: sotwProtocol })
      : openWith({ ...shared, protocol: deltaProtocol });
  }

  function openWith<State extends SubscriptionState, Request>(method: XdsStreamMethod<State, Request>): GrpcMethod {
    return (grpc) => {
      const stream = createXdsStream(method, grpc);
      streams.add(stream);
      return stream;
    };
  }

  function openStream(stream: ServerHttp2Stream, headers: Parameters<typeof refuseGrpcStream>[1]): void {
    const method = headers[':method'] === 'POST' ? methods.get(headers[':path'] ?? '') : undefined;
    if (method === undefined) refuseGrpcStream(stream, headers);
    else serveGrpcStream(stream, method, (err) => log.error({ err, path: headers[':path'] }, 'call failed'));
  }

  /** Tells the subscriptions concerned, then lets each of their streams send once. */
  function publish(transaction: Transaction): void {
    const round = createConvergenceRound(clock, (ms) => observer.converged({ ms }));
    const concerned = new Set<FlushableStream>();
    for (const [typeUrl, changes] of transaction) {
      for (const [subscriber, part] of index.concerned(typeUrl, changes)) {
        subscriber.change(part, round);
        concerned.add(subscriber.stream);
      }
    }
    if (!answering) {
      // Those who have waited for the first transaction are answered, also those whom nothing in it concerns.
      answering = true;
      health.setServing(true);
      for (const stream of streams) concerned.add(stream);
    }
    round.seal();
    flushes.add(concerned);
  }

  return {
    async listen({ host, port }) {
      const bound = await listenHttp2(server, { host, port });
      const unobserve = cache.observe(publish);
      const stopKeepalive = connections.keepAlive(pingIntervalMs);
      stop = () => {
        unobserve();
        stopKeepalive();
        flushes.clear();
      };
      answering = cache.synced;
      health.setServing(answering);
      return { port: bound };
    },
    async close({ graceMs }) {
      if (stop === undefined) return;
      stop();
      stop = undefined;
      health.setServing(false);
      for (const stream of streams) stream.end({ code: grpcCodes.unavailable, message: 'server is shutting down' });
      await connections.close(graceMs);
    },
    answers: (typeUrl, name) => [...index.subscribers(typeUrl, name)].map((subscriber) => subscriber.answer(name)),
    streams: () => [...streams].flatMap((stream) => stream.statuses()),
  };
}

function ignore(): void {}
