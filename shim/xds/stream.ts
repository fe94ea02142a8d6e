import type { FlushableStream } from './flush-queue.ts';
import { grpcCodes } from '../grpc/grpc-stream.ts';
import type { GrpcStatus, GrpcStream, GrpcStreamHandler } from '../grpc/grpc-stream.ts';
import type { XdsStreamKind, XdsStreamStatus } from './observer.ts';
import type { DecodedRequest, XdsProtocol } from './protocol.ts';
import { typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';
import { createStreamSubscription } from './stream-subscription.ts';
import type { StreamSubscription, XdsStreamContext } from './stream-subscription.ts';
import { isDue } from './subscription.ts';
import type { SubscriptionResponse, SubscriptionState } from './subscription.ts';

/** One discovery stream. */
export interface XdsStream extends GrpcStreamHandler, FlushableStream {
  end(status: GrpcStatus): void;
  /** One entry for each type that the client has asked for. */
  statuses(): readonly XdsStreamStatus[];
}

/** What all streams of one method share. */
export interface XdsStreamMethod<State extends SubscriptionState, Request> {
  readonly ctx: XdsStreamContext;
  readonly protocol: XdsProtocol<State, Request>;
  readonly kind: XdsStreamKind;
  /** Called when a stream is over. */
  readonly onClosed: (stream: XdsStream) => void;
}

/** Joins a gRPC stream to the subscriptions on it, one for each type. */
export function createXdsStream<State extends SubscriptionState, Request>(
  method: XdsStreamMethod<State, Request>,
  grpc: GrpcStream,
): XdsStream {
  return new DiscoveryStream(method, grpc);
}

/** The order of the types within one flush: what refers comes after what it refers to. */
const typeOrder: readonly TypeUrl[] = [typeUrls.cluster, typeUrls.endpoint, typeUrls.listener, typeUrls.route];

/** How much of what a client wrote is repeated to it, or logged. */
const maxQuotedLength = 256;

/** A class, for what is allocated here is allocated for each of very many streams. */
class DiscoveryStream<State extends SubscriptionState, Request> implements XdsStream {
  private readonly method: XdsStreamMethod<State, Request>;
  private readonly grpc: GrpcStream;
  private readonly subscriptions = new Map<string, StreamSubscription<Request>>();
  /** The node comes with the first request, and need not come again. */
  private nodeId: string | undefined;
  private open = true;
  private toldUnservedType = false;
  /** Whether something is due that waits until the client has taken what was sent. */
  private blocked = false;
  /** Runs while listeners and routes wait for the answer to clusters. */
  private patience: NodeJS.Timeout | undefined;

  constructor(method: XdsStreamMethod<State, Request>, grpc: GrpcStream) {
    this.method = method;
    this.grpc = grpc;
    method.ctx.observer.streamOpened(method.kind);
  }

  message(bytes: Buffer): void {
    const decoded = this.decode(bytes);
    if (decoded === undefined) return;
    if (this.nodeId === undefined) this.meetNode(decoded.nodeId ?? '');
    const typeUrl = this.servedType(decoded.typeUrl);
    if (typeUrl === undefined || !this.isServedNode()) return;
    const problem = this.subscriptionTo(typeUrl).request(decoded);
    if (problem !== undefined) this.end(problem);
  }

  received(): void {
    this.flush();
  }

  drained(): void {
    if (this.blocked) {
      this.blocked = false;
      this.flush();
    }
    this.method.ctx.flushes.left(this);
  }

  halfClosed(): void {
    this.end({ code: grpcCodes.ok, message: '' });
  }

  end(status: GrpcStatus): void {
    this.grpc.end(status);
  }

  closed(): void {
    if (!this.open) return;
    this.open = false;
    clearTimeout(this.patience);
    const { ctx, kind, onClosed } = this.method;
    for (const subscription of this.subscriptions.values()) subscription.close();
    ctx.log.debug({ node: this.nodeId, ...kind }, 'stream closed');
    ctx.observer.streamClosed(kind);
    onClosed(this);
  }

  /**
   * Make before break. Clusters and endpoints come first. While listeners or routes, which may refer to what comes and to
   * what goes, are to be changed too, they wait until the client has answered for the clusters (it asks for the endpoints of
   * new ones before it does), and removals wait until they are sent.
   *
   * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations
   */
  flush(): boolean {
    const { grpc } = this;
    const { ctx } = this.method;
    if (!this.open || !ctx.cache.synced || !this.isAnyDue()) return false;
    if (!grpc.idle) {
      this.blocked = true;
      return false;
    }
    const hold = this.isDue(typeUrls.listener) || this.isDue(typeUrls.route);
    const clusters = this.respondWithClusters(hold);
    this.subscriptions.get(typeUrls.endpoint)?.respond(hold);
    if (hold && !this.awaitsAnswer(clusters)) this.respondWithReferrers();
    return !grpc.idle;
  }

  statuses(): readonly XdsStreamStatus[] {
    const { variant, typeUrl: serviceType } = this.method.kind;
    return [...this.subscriptions.values()].map(({ state }) => ({
      nodeId: this.nodeId ?? '',
      peer: this.grpc.peer,
      typeUrl: state.typeUrl,
      variant,
      aggregated: serviceType === undefined,
      wildcard: state.wildcard,
      names: state.names.size,
      sentVersion: state.sentVersion,
      ackedVersion: state.ackedVersion,
      nackedVersion: state.nackedVersion,
      error: state.error,
    }));
  }

  private decode(bytes: Buffer): DecodedRequest<Request> | undefined {
    try {
      const { ctx, protocol } = this.method;
      return protocol.decode(bytes, this.subscriptions, ctx.nameLists);
    } catch (err) {
      if (!(err instanceof RangeError)) throw err;
      this.end(invalid(`failed to decode the request: ${err.message}`));
      return undefined;
    }
  }

  private meetNode(id: string): void {
    this.nodeId = id;
    const { ctx, kind } = this.method;
    const fields = { node: id, ...kind };
    if (this.isServedNode()) ctx.log.debug(fields, 'node opened a stream');
    else {
      const expected = ctx.nodeId;
      ctx.log.warn({ ...fields, peer: this.grpc.peer, expected }, 'node gets nothing: another one is configured');
    }
  }

  private isServedNode(): boolean {
    const { nodeId } = this.method.ctx;
    return nodeId === '' || nodeId === this.nodeId;
  }

  private servedType(typeUrl: string): TypeUrl | undefined {
    const { typeUrl: serviceType } = this.method.kind;
    if (serviceType !== undefined) {
      if (typeUrl === '' || typeUrl === serviceType) return serviceType;
      this.end(invalid(`this service does not serve type ${typeUrl.slice(0, maxQuotedLength)}`));
      return undefined;
    }
    for (const served of typeOrder) if (served === typeUrl) return served;
    if (typeUrl === '') this.end(invalid('an aggregated stream needs a type URL in every request'));
    else this.tellUnservedType(typeUrl);
    return undefined;
  }

  /** Envoy may ask for secrets or runtime layers on the same stream: no reason to end it. */
  private tellUnservedType(typeUrl: string): void {
    if (this.toldUnservedType) return;
    this.toldUnservedType = true;
    const fields = { node: this.nodeId, type: typeUrl.slice(0, maxQuotedLength) };
    this.method.ctx.log.debug(fields, 'type is not served and stays unanswered');
  }

  private subscriptionTo(typeUrl: TypeUrl): StreamSubscription<Request> {
    let subscription = this.subscriptions.get(typeUrl);
    if (subscription === undefined) {
      const { ctx, protocol } = this.method;
      const client = { grpc: this.grpc, stream: this, nodeId: this.nodeId ?? '' };
      subscription = createStreamSubscription(ctx, protocol, typeUrl, client);
      this.subscriptions.set(typeUrl, subscription);
    }
    return subscription;
  }

  private isAnyDue(): boolean {
    for (const { state } of this.subscriptions.values()) if (isDue(state)) return true;
    return false;
  }

  private isDue(typeUrl: TypeUrl): boolean {
    const subscription = this.subscriptions.get(typeUrl);
    return subscription !== undefined && isDue(subscription.state);
  }

  /**
   * A cluster that is sent again is warmed again, for which Envoy waits for its endpoints, changed or not.
   *
   * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-warming
   */
  private respondWithClusters(hold: boolean): SubscriptionResponse | undefined {
    const response = this.subscriptions.get(typeUrls.cluster)?.respond(hold);
    const endpoints = this.subscriptions.get(typeUrls.endpoint);
    if (response === undefined || endpoints === undefined) return response;
    const clusters = response.changed ?? response.resources();
    endpoints.repeat(clusters.flatMap(({ endpointName }) => (endpointName === undefined ? [] : [endpointName])));
    return response;
  }

  /** Whether the answer to new or changed clusters, of which `sent` may be the first, is waited for. */
  private awaitsAnswer(sent: SubscriptionResponse | undefined): boolean {
    if (sent?.changed !== undefined && sent.changed.length > 0) {
      // Someone who does not answer gets the rest all the same.
      this.patience ??= setTimeout(() => this.losePatience(), this.method.ctx.answerWaitMs).unref();
    }
    if (this.patience === undefined) return false;
    if (this.subscriptions.get(typeUrls.cluster)?.state.outstanding.length !== 0) return true;
    clearTimeout(this.patience);
    this.patience = undefined;
    return false;
  }

  private losePatience(): void {
    this.patience = undefined;
    if (this.open && this.grpc.idle) this.respondWithReferrers();
  }

  private respondWithReferrers(): void {
    this.subscriptions.get(typeUrls.listener)?.respond(false);
    this.subscriptions.get(typeUrls.route)?.respond(false);
    this.respondWithClusters(false);
    this.subscriptions.get(typeUrls.endpoint)?.respond(false);
  }
}

function invalid(message: string): GrpcStatus {
  return { code: grpcCodes.invalidArgument, message };
}
