import { type ServerHttp2Stream, constants } from 'node:http2';

/** Lets go of a stream whose client might never close its side. */
export function closeSoon(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}
