import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';

/** Is told of a call that failed by a fault of ours: the method's full name, and the error with its cause. */
export type FailureListener = (method: string, error: ConnectError) => void;

/** Creates what tells of faults: callers see "internal error", and nobody else would see more. */
export function createFailureInterceptor(onFailure: FailureListener): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (err) {
      const error = ConnectError.from(err, Code.Internal);
      if (error.code === Code.Internal || error.code === Code.Unknown) {
        onFailure(`${request.service.typeName}/${request.method.name}`, error);
      }
      // As it was: the words of what is no ConnectError do not reach the caller.
      throw err;
    }
  };
}
