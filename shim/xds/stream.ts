import { emptyNameList } from './discovery-request.ts';
import type { NameList } from './discovery-request.ts';
import { grpcCodes } from './grpc-stream.ts';
import type { GrpcStatus, GrpcStream, GrpcStreamHandler } from './grpc-stream.ts';
import type { XdsStreamStatus } from './observer.ts';
import type { DecodedRequest, XdsProtocol } from './protocol.ts';
import { typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';
import { createStreamSubscription } from './stream-subscription.ts';
import type { StreamSubscription, XdsStreamContext } from './stream-subscription.ts';
import { isDue } from './subscription.ts';
import type { SubscriptionState } from './subscription.ts';

/** One discovery stream. */
export interface XdsStream extends GrpcStreamHandler {
  /** Sends what is due, unless the client still has to take what was sent before. */
  flush(): void;
  end(status: GrpcStatus): void;
  closed(): void;
  /** One entry for each type that the client has asked for. */
  statuses(): readonly XdsStreamStatus[];
}

/** The order of the types within one flush: what refers comes after what it refers to. */
const typeOrder: readonly TypeUrl[] = [typeUrls.cluster, typeUrls.endpoint, typeUrls.listener, typeUrls.route];

/**
 * Joins a gRPC stream to the subscriptions on it, one for each type. `serviceType` is the type of the service that was
 * called, undefined for the aggregated one.
 */
export function createXdsStream<State extends SubscriptionState, Request>(
  ctx: XdsStreamContext,
  protocol: XdsProtocol<State, Request>,
  serviceType: TypeUrl | undefined,
  grpc: GrpcStream,
): XdsStream {
  const kind = { variant: protocol.variant, typeUrl: serviceType };
  const subscriptions = new Map<TypeUrl, StreamSubscription<Request>>();
  const lists = new Map<string, NameList>();
  // The node comes with the first request, and need not come again.
  let nodeId: string | undefined;
  let open = true;
  let toldUnknownType = false;
  ctx.observer.streamOpened(kind);

  function decode(bytes: Buffer): DecodedRequest<Request> | undefined {
    try {
      return protocol.decode(bytes, (typeUrl) => lists.get(typeUrl) ?? emptyNameList);
    } catch (err) {
      if (!(err instanceof RangeError)) throw err;
      grpc.end(invalid(`failed to decode the request: ${err.message}`));
      return undefined;
    }
  }

  function meetNode(id: string): void {
    nodeId = id;
    const fields = { node: id, peer: grpc.peer, type: serviceType, variant: protocol.variant };
    if (isServed(id)) ctx.log.debug(fields, 'node opened a stream');
    else ctx.log.warn({ ...fields, expected: ctx.nodeId }, 'node gets nothing: another one is configured');
  }

  function isServed(id: string | undefined): boolean {
    return ctx.nodeId === '' || id === ctx.nodeId;
  }

  function servedType(typeUrl: string): TypeUrl | undefined {
    if (serviceType !== undefined) {
      if (typeUrl === '' || typeUrl === serviceType) return serviceType;
      grpc.end(invalid(`this service does not serve type ${typeUrl}`));
      return undefined;
    }
    const served = typeOrder.find((type) => type === typeUrl);
    if (typeUrl === '') grpc.end(invalid('an aggregated stream needs a type URL in every request'));
    else if (served === undefined && !toldUnknownType) {
      // Envoy may ask for secrets or runtime layers on the same stream: that is no reason to end it.
      toldUnknownType = true;
      ctx.log.debug({ node: nodeId, type: typeUrl.slice(0, 256) }, 'type stays unanswered');
    }
    return served;
  }

  function subscriptionTo(typeUrl: TypeUrl): StreamSubscription<Request> {
    let subscription = subscriptions.get(typeUrl);
    if (subscription === undefined) {
      subscription = createStreamSubscription({ ctx, protocol, grpc, typeUrl, nodeId: nodeId ?? '', flush });
      subscriptions.set(typeUrl, subscription);
    }
    return subscription;
  }

  /**
   * Make before break: clusters and endpoints come first, but while listeners or routes, which may still refer to what
   * goes, are to be changed too, their removals wait until those are sent.
   *
   * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations
   */
  function flush(): void {
    if (!open || !ctx.cache.synced || !grpc.idle) return;
    const hold = isTypeDue(typeUrls.listener) || isTypeDue(typeUrls.route);
    respondWithClusters(hold);
    subscriptions.get(typeUrls.endpoint)?.respond(hold);
    subscriptions.get(typeUrls.listener)?.respond(false);
    subscriptions.get(typeUrls.route)?.respond(false);
    if (!hold) return;
    respondWithClusters(false);
    subscriptions.get(typeUrls.endpoint)?.respond(false);
  }

  function isTypeDue(typeUrl: TypeUrl): boolean {
    const subscription = subscriptions.get(typeUrl);
    return subscription !== undefined && isDue(subscription.state);
  }

  /**
   * A cluster that is sent again is warmed again, for which Envoy waits for its endpoints, changed or not.
   *
   * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-warming
   */
  function respondWithClusters(hold: boolean): void {
    const response = subscriptions.get(typeUrls.cluster)?.respond(hold);
    const endpoints = subscriptions.get(typeUrls.endpoint);
    if (response === undefined || endpoints === undefined) return;
    const clusters = response.changed ?? response.resources();
    endpoints.repeat(clusters.flatMap(({ endpointName }) => (endpointName === undefined ? [] : [endpointName])));
  }

  return {
    message(bytes) {
      const decoded = decode(bytes);
      if (decoded === undefined) return;
      if (nodeId === undefined) meetNode(decoded.nodeId ?? '');
      const typeUrl = servedType(decoded.typeUrl);
      if (typeUrl === undefined || !isServed(nodeId)) return;
      const problem = subscriptionTo(typeUrl).request(decoded.request);
      if (problem === undefined) lists.set(decoded.typeUrl, decoded.list);
      else grpc.end(problem);
    },
    received: flush,
    drained: flush,
    flush,
    halfClosed: () => grpc.end({ code: grpcCodes.ok, message: '' }),
    end: (status) => grpc.end(status),
    closed() {
      if (!open) return;
      open = false;
      for (const subscription of subscriptions.values()) subscription.close();
      ctx.log.debug({ node: nodeId, type: serviceType, variant: protocol.variant }, 'stream closed');
      ctx.observer.streamClosed(kind);
    },
    statuses: () =>
      [...subscriptions.values()].map(({ state }) => ({
        nodeId: nodeId ?? '',
        peer: grpc.peer,
        typeUrl: state.typeUrl,
        variant: protocol.variant,
        aggregated: serviceType === undefined,
        wildcard: state.wildcard,
        names: state.names.size,
        sentVersion: state.sentVersion,
        ackedVersion: state.ackedVersion,
        nackedVersion: state.nackedVersion,
        error: state.error,
      })),
  };
}

function invalid(message: string): GrpcStatus {
  return { code: grpcCodes.invalidArgument, message: message.slice(0, 1024) };
}
