import { registerFunctions } from '../../functions/all-functions.ts';
import { serveGateway } from '../../functions/gateway/serve/node.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import { type RunningEdge } from './running-edge.ts';

/** Runs all functions as one Node service, which asks for a token of its own, and the gateway in front of it. */
export async function runNodeEdge(token: string | undefined): Promise<RunningEdge> {
  const address = { bindAddress: '127.0.0.1', port: 0 };
  const functions = await serveFunctions({ ...address, routes: registerFunctions, tokens: 'between-us' });
  const start = (tokens: string | undefined) =>
    serveGateway({ ...address, tokens, upstreams: new Map([['*', functions.url]]), upstreamToken: 'between-us' });
  let gateway = await start(token);
  return {
    get url() {
      return gateway.url;
    },
    async setToken(tokens) {
      await gateway.close();
      gateway = await start(tokens);
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await functions.close();
    },
  };
}
