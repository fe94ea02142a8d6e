import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type KubeClient, createKubeClient } from './kube-client.ts';

/** An API server that answers as a test says, request by request: for the faults that a real one cannot be brought to. */
export interface FakeApiServer extends AsyncDisposable {
  readonly client: KubeClient;
  /** The paths with queries that were asked for. */
  readonly requests: readonly URL[];
}

/** Answers one request. */
export type Answer = (res: ServerResponse, req: IncomingMessage) => void;

/** Starts it; the last answer stays for all further requests. */
export async function startFakeApiServer(...answers: readonly [Answer, ...Answer[]]): Promise<FakeApiServer> {
  const requests: URL[] = [];
  const server = createServer((req, res) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(new URL(req.url ?? '', 'http://fake'));
    answer?.(res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const client = createKubeClient({
    server: new URL(`http://127.0.0.1:${port}`),
    options: () => Promise.resolve({ headers: { authorization: 'Bearer secret' } }),
  });
  return {
    client,
    requests,
    async [Symbol.asyncDispose]() {
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A refusal as API servers word it. */
export function refuse(code: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (res) => {
    res.writeHead(code, { 'content-type': 'application/json', ...headers });
    res.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
  };
}

/** The events of a watch; then it stays open, or is ended in one way or the other. */
export function watchOf(events: readonly (object | string)[], end: 'open' | 'end' | 'break' = 'open'): Answer {
  return (res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    for (const event of events) res.write(typeof event === 'string' ? event : `${JSON.stringify(event)}\n`);
    if (end === 'end') res.end();
    if (end === 'break') setTimeout(() => res.destroy(), 20);
  };
}

/** A list, or one page of it. */
export function listOf(names: readonly string[], next = ''): Answer {
  return (res) => {
    const items = names.map((name) => objectOf(name));
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ metadata: { resourceVersion: '10', continue: next }, items }));
  };
}

/** An event about an object. */
export function eventOf(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, value = '1', version = '11'): object {
  return { type, object: objectOf(name, value, version) };
}

/** What a watch tells once it has told all that there was. */
export const initialEventsEnd = {
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '10', annotations: { 'k8s.io/initial-events-end': 'true' } } },
};

/** What a watch tells when its position is lost. */
export const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };

function objectOf(name: string, value = '1', resourceVersion = '9'): object {
  return { metadata: { name, namespace: 'default', uid: name, resourceVersion }, data: { value } };
}
