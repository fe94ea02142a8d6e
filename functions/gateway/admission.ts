import { createBearerCheck, splitTokens } from '../serving/bearer-token.ts';
import { type Refusal } from '../serving/refusal.ts';

/** What of a call decides whether it goes on. */
export interface IncomingCall {
  /** Path of the URL, such as `/tailway.endpoints.v1.EndpointService/ComputeEndpoints`. */
  readonly path: string;
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
}

/** What becomes of a call. */
export type Admission =
  | { readonly kind: 'admitted'; readonly service: string }
  | { readonly kind: 'healthy' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Path of the gateway's own health, which needs no token. */
const healthPath = '/healthz';

/**
 * Creates the gateway's decision about each call: who may pass, and to which proto service. Without a token that it
 * could ask for it refuses everybody.
 *
 * @param tokens the valid bearer tokens with commas between them: two while one replaces the other
 */
export function createAdmission(tokens: string | undefined): (call: IncomingCall) => Admission {
  if (tokens === undefined || splitTokens(tokens).length === 0) {
    return () => refuse('unavailable', 'the gateway refuses everybody until its secret FUNCTIONS_TOKEN is set');
  }
  const isAllowed = createBearerCheck(tokens);
  return ({ path, authorization }) => {
    if (path === healthPath) {
      return { kind: 'healthy' };
    }
    if (!isAllowed(authorization)) {
      return refuse('unauthenticated', 'a valid bearer token is needed');
    }
    const [, service] = /^\/([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\/[A-Za-z_]\w*$/.exec(path) ?? [];
    return service === undefined ? refuseUnknown() : { kind: 'admitted', service };
  };
}

/** The refusal of a call to a service that nothing is bound to. */
export function refuseUnknown(): Extract<Admission, { kind: 'refused' }> {
  return refuse('unimplemented', 'no such function: paths are /<package>.<Service>/<Method> of a bound service');
}

function refuse(code: Refusal['code'], message: string): Extract<Admission, { kind: 'refused' }> {
  return { kind: 'refused', refusal: { code, message } };
}
