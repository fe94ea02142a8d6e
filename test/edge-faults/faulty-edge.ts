import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { schemaVersion, schemaVersionHeader } from '../../functions/serving/schema-version.ts';
import { ComputeEndpointsResponseSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** What an edge does with a call. */
export type EdgeFault = 'well' | keyof typeof faults;

/** An edge in front of real functions that misbehaves on demand. */
export interface FaultyEdge extends AsyncDisposable {
  readonly url: string;
  /** From now on. Calls that hang go on hanging. */
  set(fault: EdgeFault): void;
  /** Calls so far by the last part of their path: `ComputeEndpoints`. */
  readonly calls: ReadonlyMap<string, number>;
  /** The headers and bodies of all calls so far. */
  readonly received: readonly { readonly headers: IncomingMessage['headers']; readonly body: Buffer }[];
}

interface Exchange {
  readonly path: string;
  readonly response: ServerResponse;
  /** Asks the real function; `headers` win over the caller's. */
  forward(headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const proto = { 'content-type': 'application/proto', [schemaVersionHeader]: `${schemaVersion}` };

const faults = {
  hang: () => undefined,
  'break-off': ({ response }: Exchange) => void response.socket?.destroy(),
  unauthorized: say(401, { 'content-type': 'text/plain' }, 'a valid bearer token is needed\n'),
  login: say(302, { location: 'https://login.example.com/' }, ''),
  'not-found': say(404, { 'content-type': 'text/html' }, '<h1>Not found</h1>'),
  'rate-limited': say(429, { 'retry-after': '2' }, 'error code: 1015'),
  'rate-limited-in-words': say(
    429,
    { 'content-type': 'application/json' },
    '{"code":"resource_exhausted","message":"too many calls"}',
  ),
  'bad-request': say(400, { 'content-type': 'text/html' }, '<h1>400 Bad Request</h1>'),
  failing: say(500, { 'content-type': 'text/html' }, '<h1>Worker threw exception</h1>'),
  'bad-gateway': say(502, {}, ''),
  html: say(200, { 'content-type': 'text/html' }, '<h1>Welcome to nginx!</h1>'),
  noise: say(200, proto, Buffer.from('ff7f7b01deadbeef00112233445566778899', 'hex')),
  /** Millions of messages of two bytes each. */
  flood: say(200, proto, Buffer.alloc(8 * 1024 * 1024, '0a00', 'hex')),
  nothing: say(200, proto, Buffer.alloc(0)),
  async 'no-version'({ response, forward }: Exchange) {
    const { headers, ...answer } = await forward();
    send(response, { ...answer, headers: { ...headers, [schemaVersionHeader]: undefined } });
  },
  async half({ response, forward }: Exchange) {
    const { status, headers, body } = await forward();
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.write(body.subarray(0, body.length >>> 1), () => response.socket?.destroy());
  },
  async 'foreign-hosts'({ path, response, forward }: Exchange) {
    const answer = await forward();
    send(response, path.endsWith('/ComputeEndpoints') ? { ...answer, body: redirectHosts(answer.body) } : answer);
  },
  /** A function of another release: it refuses who is too new for it, and says so. */
  async 'other-schema'({ response, forward }: Exchange) {
    const { headers, ...answer } = await forward({ [schemaVersionHeader]: `${schemaVersion + 2}` });
    send(response, { ...answer, headers: { ...headers, [schemaVersionHeader]: `${schemaVersion + 1}` } });
  },
} as const satisfies Readonly<Record<string, (exchange: Exchange) => unknown>>;

/** The names of all faults. */
export const edgeFaults = Object.keys(faults) as readonly Exclude<EdgeFault, 'well'>[];

/** Listens on a port of the system's choice, for HTTP/1.1; `origin` is where the functions really are. */
export async function startFaultyEdge(origin: string): Promise<FaultyEdge> {
  let fault: EdgeFault = 'well';
  const calls = new Map<string, number>();
  const received: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const name = path.split('/').at(-1) ?? '';
    calls.set(name, (calls.get(name) ?? 0) + 1);
    const body = await readAll(request);
    received.push({ headers: request.headers, body });
    const forward = (headers = {}) => ask(origin, path, { ...request.headers, ...headers }, body);
    try {
      if (fault === 'well') send(response, await forward());
      else await faults[fault]({ path, response, forward });
    } catch {
      response.writeHead(502).end();
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next) => void (fault = next),
    calls,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function say(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer) {
  return ({ response }: Exchange) => void response.writeHead(status, headers).end(body);
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== 'transfer-encoding' && name !== 'connection') response.setHeader(name, value);
  }
  response.setHeader('content-length', body.length);
  response.writeHead(status).end(body);
}

function ask(origin: string, path: string, headers: IncomingMessage['headers'], body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage) => {
      readAll(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    };
    const { 'transfer-encoding': _, ...rest } = headers;
    const upstream = httpRequest(`${origin}${path}`, { method: 'POST', headers: rest, agent: false }, onResponse);
    upstream.on('error', reject);
    upstream.end(body);
  });
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A load assignment that sends all traffic to somebody else. */
function redirectHosts(body: Buffer): Buffer {
  const answer = fromBinary(ComputeEndpointsResponseSchema, body);
  for (const { loadAssignment } of answer.groups) {
    for (const { hostIdentifier } of loadAssignment?.endpoints.flatMap(({ lbEndpoints }) => lbEndpoints) ?? []) {
      const address = hostIdentifier.case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      if (address?.case === 'socketAddress') address.value.address = '203.0.113.66';
    }
  }
  return Buffer.from(toBinary(ComputeEndpointsResponseSchema, answer));
}
