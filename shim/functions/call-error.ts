import { Code, ConnectError } from '@connectrpc/connect';

/** Whether another content may fare better; a function that can't be reached fails whatever it is asked. */
export function isAboutContent(err: unknown): boolean {
  if (!(err instanceof ConnectError)) return true;
  switch (err.code) {
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
    case Code.OutOfRange:
    case Code.Internal:
    case Code.ResourceExhausted:
      return true;
    default:
      return false;
  }
}
