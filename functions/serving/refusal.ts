/** Why a call is answered before it reaches a function, in Connect's words. */
export type RefusalCode =
  | 'unauthenticated'
  | 'unimplemented'
  | 'unavailable'
  | 'resource_exhausted'
  | 'deadline_exceeded';

/** An answer in a function's stead. */
export interface Refusal {
  readonly code: RefusalCode;
  /** A sentence for the caller: what is wrong, and the remedy. */
  readonly message: string;
}

/** A refusal as HTTP. */
export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Writes a refusal so that clients of all three protocols understand it: Connect reads code and message from the JSON,
 * gRPC and gRPC-Web take the code from the status.
 *
 * https://connectrpc.com/docs/protocol#error-codes
 * https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function answerRefusal({ code, message }: Refusal): RefusalAnswer {
  return {
    status: toStatus(code),
    headers: {
      'content-type': 'application/json',
      ...(code === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: `${JSON.stringify({ code, message })}\n`,
  };
}

function toStatus(code: RefusalCode): number {
  switch (code) {
    case 'unauthenticated':
      return 401;
    case 'unimplemented':
      return 404;
    case 'unavailable':
      return 503;
    case 'resource_exhausted':
      return 429;
    case 'deadline_exceeded':
      return 504;
    default:
      return code satisfies never;
  }
}
