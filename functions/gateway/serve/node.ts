import { sendHealthy, sendRefusal } from '../../serving/answer/node.ts';
import { type CertificateFiles } from '../../serving/certificates/node.ts';
import { type HttpListener, type HttpRequest, type HttpResponse, listenHttp } from '../../serving/listen/node.ts';
import { createAdmission, refuseUnknown } from '../admission.ts';
import { createProxy, type Proxy } from '../proxy/node.ts';
import { createFindUpstream } from '../upstreams.ts';

/** How the gateway is served. */
export interface ServeGatewayOptions {
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly port: number;
  /** Valid bearer tokens with commas between them; absent: everybody is refused. */
  readonly tokens: string | undefined;
  /** Origins by proto service, `*` for every other one. */
  readonly upstreams: ReadonlyMap<string, string>;
  /** The token that the functions ask for; absent: none. */
  readonly upstreamToken?: string | undefined;
  readonly certificates?: CertificateFiles | undefined;
  /** How long an answer may take to begin, in milliseconds; default: a minute. */
  readonly timeoutMs?: number | undefined;
  /** How long running calls have to end once the server closes, in milliseconds; default: 5 s. */
  readonly drainMs?: number | undefined;
}

/**
 * Serves the gateway in front of functions that are Node services: it checks the caller and passes gRPC, gRPC-Web and
 * Connect on to the origin of the proto service.
 *
 * @throws Error when the address can't be bound, or a certificate is not usable
 */
export async function serveGateway(options: ServeGatewayOptions): Promise<HttpListener> {
  const { bindAddress, port, tokens, upstreams, upstreamToken, certificates, timeoutMs, drainMs } = options;
  const admit = createAdmission(tokens);
  const findUpstream = createFindUpstream(upstreams);
  const proxies = new Map<string, Proxy>(
    [...new Set(upstreams.values())].map((origin) => [
      origin,
      createProxy({ origin, token: upstreamToken, timeoutMs }),
    ]),
  );

  const handle = (request: HttpRequest, response: HttpResponse): void => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const admission = admit({ path, authorization: request.headers.authorization });
    switch (admission.kind) {
      case 'healthy':
        sendHealthy(response);
        return;
      case 'refused':
        sendRefusal(response, admission.refusal);
        return;
      case 'admitted': {
        const proxy = proxies.get(findUpstream(admission.service) ?? '');
        const refusal = certificates?.findRefusal(request.socket) ?? (proxy ? undefined : refuseUnknown().refusal);
        if (refusal !== undefined || proxy === undefined) {
          sendRefusal(response, refusal ?? refuseUnknown().refusal);
        } else {
          void proxy.pass(request, response);
        }
        return;
      }
      default:
        admission satisfies never;
    }
  };

  const listener = await listenHttp({ handle, bindAddress, port, certificates, drainMs });
  return {
    url: listener.url,
    async close() {
      await listener.close();
      proxies.forEach((proxy) => proxy.close());
    },
  };
}
