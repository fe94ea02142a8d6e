import { type LookupAddress, lookup } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { AllowedTargets } from '../../functions/service-endpoint/allowed-target.ts';
import { findForbiddenAddress } from '../../functions/service-endpoint/forbidden-target.ts';
import { parseIpAddress } from '../../functions/service-endpoint/ip-address.ts';
import { type Fetch, forbiddenAddressCode } from '../sources/json-request.ts';

/** Finds the addresses of a name. */
export type Resolve = (
  name: string,
  done: (err: NodeJS.ErrnoException | null, found: readonly LookupAddress[]) => void,
) => void;

/** How long a connection waits for the next request: requests come in bursts, and servers close what is idle for longer. */
const idleMs = 4000;

/**
 * A `fetch` that connects to no address that a target may not have either. The address of the URL has been looked at; those
 * behind a name are looked at when a connection is made, since whoever owns the name may change them at any time.
 */
export function createGuardedFetch(allowed: AllowedTargets, resolve: Resolve = resolveBySystem): Fetch {
  const options = { keepAlive: true, timeout: idleMs, lookup: guardLookup(allowed, resolve) };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };

  return async (url, { method = 'GET', headers, body, signal }) => {
    const secure = url.protocol === 'https:';
    const text = body?.toString();
    const form = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
    const message = await new Promise<IncomingMessage>((done, failed) => {
      const request = (secure ? httpsRequest : httpRequest)(
        url,
        {
          agent: secure ? agents.https : agents.http,
          method,
          headers: text === undefined ? headers : { ...form, 'content-length': Buffer.byteLength(text), ...headers },
          signal,
        },
        done,
      );
      // All of them: one that nobody listens to would end the process.
      request.on('error', failed);
      request.end(text);
    });
    return toResponse(message);
  };
}

function guardLookup(allowed: AllowedTargets, resolve: Resolve): LookupFunction {
  return (name, { all = false }, done) => {
    const isAllowed = allowed.allowsName(name.toLowerCase().replace(/\.$/, ''));
    const isReachable = ({ address }: LookupAddress) => {
      const ip = parseIpAddress(address);
      return ip !== undefined && findForbiddenAddress(ip, allowed) === undefined;
    };
    resolve(name, (err, found) => {
      if (err !== null) {
        done(err, '');
        return;
      }
      const [first, ...others] = isAllowed ? found : found.filter(isReachable);
      if (first === undefined) done(refusal(name), '');
      else if (all) done(null, [first, ...others]);
      else done(null, first.address, first.family);
    });
  };
}

function refusal(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${name} has no address that may be asked`), { code: forbiddenAddressCode });
}

const resolveBySystem: Resolve = (name, done) => lookup(name, { all: true }, done);

function toResponse(message: IncomingMessage): Response {
  const { statusCode: status = 0, headers } = message;
  const retryAfter = headers['retry-after'];
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  message.on('error', () => undefined);
  if (!hasBody || status > 599) message.destroy();
  // Node's stream and the one of `Response` are the same class, typed twice.
  const body = hasBody ? (Readable.toWeb(message) as ReadableStream<Uint8Array>) : null;
  return new Response(body, {
    status,
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
  });
}
