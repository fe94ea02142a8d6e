import type { ConvergenceRound } from './convergence.ts';
import type { FlushableStream, FlushQueue } from './flush-queue.ts';
import { grpcCodes } from '../grpc/grpc-stream.ts';
import type { GrpcStatus, GrpcStream } from '../grpc/grpc-stream.ts';
import { emptyNameList } from './name-list.ts';
import type { NameList, NewestNameLists } from './name-list.ts';
import { maxNackNames } from './observer.ts';
import type { XdsLog, XdsObserver } from './observer.ts';
import type { DecodedRequest, XdsProtocol } from './protocol.ts';
import type { CacheChange, CachedResource, ResourceCache, ResourceView } from './resource-cache.ts';
import type { TypeUrl } from './resource.ts';
import type { ResponseEncoder } from './response-encoder.ts';
import type { SubscriptionIndex } from './subscription-index.ts';
import { isDue, isSettled, wildcardName } from './subscription.ts';
import type {
  SentResponse,
  SubscriptionAction,
  SubscriptionEvent,
  SubscriptionResponse,
  SubscriptionState,
} from './subscription.ts';

/** What all streams of a server share. */
export interface XdsStreamContext {
  readonly cache: ResourceCache;
  readonly encoder: ResponseEncoder;
  readonly index: SubscriptionIndex<XdsSubscriber>;
  readonly flushes: Pick<FlushQueue, 'left'>;
  readonly nameLists: NewestNameLists;
  /** The only node that gets anything; empty: every node. */
  readonly nodeId: string;
  readonly log: XdsLog;
  readonly observer: XdsObserver;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
  /** How long listeners and routes wait for the answer to the clusters that they may refer to. */
  readonly answerWaitMs: number;
}

/** A subscription as the index knows it. */
export interface XdsSubscriber {
  readonly stream: FlushableStream;
  /** Takes note of what changed; flushing the stream sends it. */
  change(changes: ReadonlyMap<string, CacheChange>, round: ConvergenceRound): void;
  /** What the client has made of the newest resource of a name that it subscribes to. */
  answer(name: string): ResourceAnswer;
}

/** What a client has made of the newest resource of a name. */
export type ResourceAnswer =
  | { readonly kind: 'acknowledged' | 'pending'; readonly nodeId: string }
  | { readonly kind: 'refused'; readonly nodeId: string; readonly message: string };

/** The subscription to one type on one stream: a state machine, and the hands that do what it says. */
export interface StreamSubscription<Request> extends XdsSubscriber {
  readonly state: SubscriptionState;
  /** The list of the last request. */
  readonly list: NameList;
  /** Answers with the status to end the stream with, if the request goes beyond a limit. */
  request(decoded: DecodedRequest<Request>): GrpcStatus | undefined;
  /** Names are to be sent again although unchanged. */
  repeat(names: Iterable<string>): void;
  /** Sends what is due, if anything; with `hold`, removals have to wait. */
  respond(hold: boolean): SubscriptionResponse | undefined;
  /** Forgets the subscription. */
  close(): void;
}

/** Who a subscription is of. */
export interface SubscribingClient {
  readonly grpc: Pick<GrpcStream, 'write'>;
  readonly stream: FlushableStream;
  readonly nodeId: string;
}

/** How many names one subscription may have, and how many characters one name. */
const maxNames = 50_000;
const maxNameLength = 4096;

/** How many transactions a subscription is waited for in. One that is behind by more is no measure of convergence. */
const maxRounds = 16;

/** The longest refusal that is kept of a client. */
const maxErrorLength = 1024;

const noRounds: readonly ConvergenceRound[] = [];

/** A subscription without any names. */
export function createStreamSubscription<State extends SubscriptionState, Request>(
  ctx: XdsStreamContext,
  protocol: XdsProtocol<State, Request>,
  typeUrl: TypeUrl,
  client: SubscribingClient,
): StreamSubscription<Request> {
  return new Subscription(ctx, protocol, typeUrl, client);
}

/** A class, for what is allocated here is allocated for each of very many streams. */
class Subscription<State extends SubscriptionState, Request> implements StreamSubscription<Request> {
  state: State;
  list = emptyNameList;
  readonly stream: FlushableStream;
  private readonly ctx: XdsStreamContext;
  private readonly protocol: XdsProtocol<State, Request>;
  private readonly view: ResourceView;
  private readonly grpc: Pick<GrpcStream, 'write'>;
  private readonly nodeId: string;
  /** The number of the newest response: the next one must have a higher one. */
  private sequence = 0;
  private rounds = noRounds;
  /** What the client said of names that it refused and that it was sent nothing better of; undefined: nothing. */
  private refusals: Map<string, string> | undefined;

  constructor(
    ctx: XdsStreamContext,
    protocol: XdsProtocol<State, Request>,
    typeUrl: TypeUrl,
    { grpc, stream, nodeId }: SubscribingClient,
  ) {
    this.ctx = ctx;
    this.protocol = protocol;
    this.view = ctx.cache.view(typeUrl);
    this.grpc = grpc;
    this.stream = stream;
    this.nodeId = nodeId;
    this.state = protocol.initialState(typeUrl);
  }

  change(changes: ReadonlyMap<string, CacheChange>, round: ConvergenceRound): void {
    this.step({ kind: 'change', changes });
    if (!isDue(this.state)) return;
    round.join();
    if (this.rounds.length >= maxRounds) this.rounds[0]?.leave();
    this.rounds = this.rounds.length === 0 ? [round] : [...this.rounds.slice(1 - maxRounds), round];
  }

  answer(name: string): ResourceAnswer {
    const { nodeId } = this;
    const { owed, due, outstanding } = this.state;
    const isOutstanding = ({ changed }: SentResponse) => changed === undefined || namesOf(changed).includes(name);
    if (owed || due.has(name) || outstanding.some(isOutstanding)) return { kind: 'pending', nodeId };
    const message = this.refusals?.get(name);
    return message === undefined ? { kind: 'acknowledged', nodeId } : { kind: 'refused', nodeId, message };
  }

  request({ request, list }: DecodedRequest<Request>): GrpcStatus | undefined {
    const { names } = this.state;
    this.list = list;
    this.step({ kind: 'request', request, view: this.view, now: this.ctx.clock() });
    this.leaveWhenSettled();
    return this.state.names === names ? undefined : checkLimits(this.state.names);
  }

  repeat(names: Iterable<string>): void {
    this.step({ kind: 'repeat', names, view: this.view });
  }

  respond(hold: boolean): SubscriptionResponse | undefined {
    if (!isDue(this.state)) return undefined;
    const actions = this.step({ kind: 'flush', view: this.view, hold });
    this.leaveWhenSettled();
    for (const action of actions) if (action.kind === 'respond') return action.response;
    return undefined;
  }

  close(): void {
    const { ctx } = this;
    const { typeUrl } = this.state;
    for (const name of this.state.names) ctx.index.delete(typeUrl, name, this);
    ctx.index.delete(typeUrl, wildcardName, this);
    this.leaveAll();
  }

  private step(event: SubscriptionEvent<Request>): readonly SubscriptionAction[] {
    const [next, actions] = this.protocol.transition(this.state, event);
    this.state = next;
    for (const action of actions) this.act(action);
    return actions;
  }

  private act(action: SubscriptionAction): void {
    const { ctx, protocol, nodeId } = this;
    const { typeUrl } = this.state;
    switch (action.kind) {
      case 'watch':
        for (const name of action.names) ctx.index.add(typeUrl, name, this);
        break;
      case 'unwatch':
        for (const name of action.names) ctx.index.delete(typeUrl, name, this);
        break;
      case 'respond':
        this.send(action.response);
        break;
      case 'ack':
        if (this.refusals !== undefined) this.accepted(action.sent);
        ctx.observer.acked({ typeUrl, variant: protocol.variant, latencyMs: action.now - action.sent.at });
        break;
      case 'nack':
        this.refused(action.sent, action.message);
        break;
      default:
        ctx.log.debug({ node: nodeId, type: typeUrl, nonce: action.nonce }, 'request has a stale nonce');
    }
  }

  private send(response: SubscriptionResponse): void {
    const { ctx, protocol, grpc } = this;
    const { typeUrl } = this.state;
    const { variant } = protocol;
    const { bytes, nonce, version, sequence, resources } = ctx.encoder.encode(variant, response, this.sequence);
    this.sequence = sequence;
    grpc.write(bytes);
    this.step({ kind: 'sent', sent: { nonce, version, changed: response.changed, at: ctx.clock() } });
    ctx.observer.pushed({ typeUrl, variant, resources, bytes: bytes.length });
  }

  private accepted({ changed }: SentResponse): void {
    for (const { name } of changed ?? this.subscribed()) this.refusals?.delete(name);
    if (this.refusals?.size === 0) this.refusals = undefined;
  }

  private refused({ changed, version }: SentResponse, error: string): void {
    const { ctx, protocol, nodeId } = this;
    const { typeUrl } = this.state;
    const all = namesOf(changed ?? this.subscribed());
    const names = all.slice(0, maxNackNames);
    const message = error.slice(0, maxErrorLength);
    this.refusals ??= new Map();
    for (const name of all) this.refusals.set(name, message);
    ctx.log.warn({ node: nodeId, type: typeUrl, names, version, error: message }, 'node refused a response');
    ctx.observer.nacked({ typeUrl, variant: protocol.variant, nodeId, names, version, message });
  }

  /** What a response that carries everything carries. */
  private subscribed(): readonly CachedResource[] {
    const resources = this.state.wildcard ? [...this.view.wildcard()] : [];
    for (const name of this.state.names) {
      const resource = this.view.get(name);
      if (resource !== undefined) resources.push(resource);
    }
    return resources;
  }

  private leaveWhenSettled(): void {
    if (this.rounds !== noRounds && isSettled(this.state)) this.leaveAll();
  }

  private leaveAll(): void {
    for (const round of this.rounds) round.leave();
    this.rounds = noRounds;
  }
}

function namesOf(resources: readonly CachedResource[]): readonly string[] {
  return [...new Set(resources.map((resource) => resource.name))];
}

function checkLimits(names: ReadonlySet<string>): GrpcStatus | undefined {
  if (names.size > maxNames) {
    return { code: grpcCodes.resourceExhausted, message: `more than ${maxNames} names of one type` };
  }
  for (const name of names) {
    if (name.length > maxNameLength) {
      return { code: grpcCodes.invalidArgument, message: `name of more than ${maxNameLength} characters` };
    }
  }
  return undefined;
}
