import type { ConvergenceRound } from './convergence.ts';
import { grpcCodes } from './grpc-stream.ts';
import type { GrpcStatus, GrpcStream } from './grpc-stream.ts';
import { maxNackNames } from './observer.ts';
import type { XdsLog, XdsObserver } from './observer.ts';
import type { XdsProtocol } from './protocol.ts';
import type { CacheChange, ResourceCache } from './resource-cache.ts';
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
  /** The only node that gets anything; empty: every node. */
  readonly nodeId: string;
  readonly log: XdsLog;
  readonly observer: XdsObserver;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
}

/** A subscription as the index knows it. */
export interface XdsSubscriber {
  /** Takes note of what changed. `flush` sends it. */
  change(changes: ReadonlyMap<string, CacheChange>, round: ConvergenceRound): void;
  /** Sends what is due on the whole stream, unless the client still has to take what was sent before. */
  readonly flush: () => void;
}

/** The subscription to one type on one stream: a state machine, and the hands that do what it says. */
export interface StreamSubscription<Request> extends XdsSubscriber {
  readonly state: SubscriptionState;
  /** Answers with the status to end the stream with, if the request goes beyond a limit. */
  request(request: Request): GrpcStatus | undefined;
  /** Names are to be sent again although unchanged. */
  repeat(names: Iterable<string>): void;
  /** Sends what is due, if anything; with `hold`, removals have to wait. */
  respond(hold: boolean): SubscriptionResponse | undefined;
  /** Forgets the subscription. */
  close(): void;
}

/** What a subscription is part of. */
export interface StreamSubscriptionOptions<State extends SubscriptionState, Request> {
  readonly ctx: XdsStreamContext;
  readonly protocol: XdsProtocol<State, Request>;
  readonly grpc: Pick<GrpcStream, 'write'>;
  readonly typeUrl: TypeUrl;
  readonly nodeId: string;
  readonly flush: () => void;
}

/** How many names one subscription may have, and how many characters one name. */
const maxNames = 50_000;
const maxNameLength = 4096;

/** How many transactions a subscription is waited for in. One that is behind by more is no measure of convergence. */
const maxRounds = 16;

/** The longest refusal that is kept of a client. */
const maxErrorLength = 1024;

/** A subscription without any names. */
export function createStreamSubscription<State extends SubscriptionState, Request>(
  options: StreamSubscriptionOptions<State, Request>,
): StreamSubscription<Request> {
  const { ctx, protocol, grpc, typeUrl, nodeId, flush } = options;
  const { variant } = protocol;
  const view = ctx.cache.view(typeUrl);
  let state = protocol.createState(typeUrl);
  // The number of the newest response: the next one must have a higher one.
  let sequence = 0;
  let rounds: ConvergenceRound[] = [];

  function step(event: SubscriptionEvent<Request>): readonly SubscriptionAction[] {
    const [next, actions] = protocol.transition(state, event);
    state = next;
    for (const action of actions) act(action);
    return actions;
  }

  function act(action: SubscriptionAction): void {
    switch (action.kind) {
      case 'watch':
        for (const name of action.names) ctx.index.add(typeUrl, name, subscription);
        break;
      case 'unwatch':
        for (const name of action.names) ctx.index.delete(typeUrl, name, subscription);
        break;
      case 'respond':
        send(action.response);
        break;
      case 'ack':
        ctx.observer.acked({ typeUrl, variant, latencyMs: action.now - action.sent.at });
        break;
      case 'nack':
        refused(action.sent, action.message);
        break;
      default:
        ctx.log.debug({ node: nodeId, type: typeUrl, nonce: action.nonce }, 'request has a stale nonce');
    }
  }

  function send(response: SubscriptionResponse): void {
    const encoded = ctx.encoder.encode(variant, response, sequence);
    ({ sequence } = encoded);
    grpc.write(encoded.bytes);
    const names = response.changed?.slice(0, maxNackNames).map((resource) => resource.name);
    const sent: SentResponse = { nonce: encoded.nonce, version: response.version, names, at: ctx.clock() };
    step({ kind: 'sent', sent });
    ctx.observer.pushed({ typeUrl, variant, resources: encoded.resources, bytes: encoded.bytes.length });
  }

  function refused(sent: SentResponse, error: string): void {
    const { names = [], version } = sent;
    const message = error.slice(0, maxErrorLength);
    ctx.log.warn({ node: nodeId, type: typeUrl, names, version, error: message }, 'node refused a response');
    ctx.observer.nacked({ typeUrl, variant, nodeId, names, version, message });
  }

  function join(round: ConvergenceRound): void {
    round.join();
    rounds.push(round);
    if (rounds.length > maxRounds) rounds.shift()?.leave();
  }

  function leaveWhenSettled(): void {
    if (rounds.length > 0 && isSettled(state)) leaveAll();
  }

  function leaveAll(): void {
    for (const round of rounds) round.leave();
    rounds = [];
  }

  const subscription: StreamSubscription<Request> = {
    flush,
    get state() {
      return state;
    },
    change(changes, round) {
      step({ kind: 'change', changes });
      if (isDue(state)) join(round);
    },
    request(request) {
      const actions = step({ kind: 'request', request, view, now: ctx.clock() });
      leaveWhenSettled();
      return actions.some((action) => action.kind === 'watch') ? checkLimits(state) : undefined;
    },
    repeat(names) {
      step({ kind: 'repeat', names, view });
    },
    respond(hold) {
      if (!isDue(state)) return undefined;
      const actions = step({ kind: 'flush', view, hold });
      leaveWhenSettled();
      return actions.find((action) => action.kind === 'respond')?.response;
    },
    close() {
      for (const name of state.names) ctx.index.delete(typeUrl, name, subscription);
      ctx.index.delete(typeUrl, wildcardName, subscription);
      leaveAll();
    },
  };
  return subscription;
}

function checkLimits({ names }: SubscriptionState): GrpcStatus | undefined {
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
