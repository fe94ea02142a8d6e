import { createDeltaState, transitionDelta } from './delta-subscription.ts';
import type { DeltaRequest, DeltaState } from './delta-subscription.ts';
import { decodeDeltaRequest, decodeSotwRequest } from './discovery-request.ts';
import type { DiscoveryRequestMessage, PreviousLists } from './discovery-request.ts';
import { emptyNameList } from './name-list.ts';
import type { NameList, NewestNameLists } from './name-list.ts';
import type { XdsVariant } from './observer.ts';
import { typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';
import { createSotwState, transitionSotw } from './sotw-subscription.ts';
import type { SotwRequest, SotwState } from './sotw-subscription.ts';
import type { SubscriptionEvent, SubscriptionState, Transition } from './subscription.ts';

/** A protocol variant: how its requests are read, and its state machine. */
export interface XdsProtocol<State extends SubscriptionState, Request> {
  readonly variant: XdsVariant;
  /** A subscription before its first request: a state never changes, so there is one for all. */
  readonly initialState: (typeUrl: TypeUrl) => State;
  readonly transition: (state: State, event: SubscriptionEvent<Request>) => Transition<State>;
  /** Throws a RangeError for what is no request. `previous` has the list of the client's last request by type, `newest` that of all clients. */
  readonly decode: (message: Buffer, previous: PreviousLists, newest: NewestNameLists) => DecodedRequest<Request>;
}

/** A request, with the list of names to give as the previous one next time. */
export type DecodedRequest<Request> = DiscoveryRequestMessage<Request> & { readonly list: NameList };

/** State of the world. */
export const sotwProtocol: XdsProtocol<SotwState, SotwRequest> = {
  variant: 'sotw',
  initialState: shareStates(createSotwState),
  transition: transitionSotw,
  decode: decodeSotwRequest,
};

/** Incremental. */
export const deltaProtocol: XdsProtocol<DeltaState, DeltaRequest> = {
  variant: 'delta',
  initialState: shareStates(createDeltaState),
  transition: transitionDelta,
  decode: (message) => ({ ...decodeDeltaRequest(message), list: emptyNameList }),
};

function shareStates<State>(create: (typeUrl: TypeUrl) => State): (typeUrl: TypeUrl) => State {
  const states = new Map(Object.values(typeUrls).map((typeUrl) => [typeUrl, create(typeUrl)]));
  return (typeUrl) => states.get(typeUrl) ?? create(typeUrl);
}
