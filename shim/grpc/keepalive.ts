import type { ServerHttp2Session } from 'node:http2';

/**
 * Pings each of `sessions` every `intervalMs`, and hands one that has not answered by the next time to `lost`: a peer that is gone
 * without a word is noticed in no other way. Answers with the function that stops it.
 */
export function startKeepalive(
  sessions: () => Iterable<ServerHttp2Session>,
  intervalMs: number,
  lost: (session: ServerHttp2Session) => void,
): () => void {
  let unanswered = new Set<ServerHttp2Session>();
  const timer = setInterval(() => {
    const late = unanswered;
    unanswered = new Set();
    for (const session of sessions()) {
      if (late.has(session)) lost(session);
      else ping(session, unanswered);
    }
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function ping(session: ServerHttp2Session, unanswered: Set<ServerHttp2Session>): void {
  if (session.closed || session.destroyed) return;
  unanswered.add(session);
  session.ping(() => unanswered.delete(session));
}
