import { parseArgs } from 'node:util';
import type { Explanation } from '../extension/explanation.ts';
import { formatExplanation } from './explanation-text.ts';

const usage = `Usage: tailway explain [--url URL] [--gateway NAMESPACE/NAME] [--endpoint PART] [--json]

Tells for each virtual host and cluster what was injected, what was not, and why.

  --url URL       address of a shim's metrics server (http://127.0.0.1:8080)
  --gateway N/G   only the virtual hosts of this Gateway
  --endpoint P    only endpoints whose namespace/resource/name contains P
  --json          the whole answer as JSON

  kubectl -n tailscale-gateway-system port-forward deployment/tailscale-gateway-extension-server 8080
  npx tailway explain --gateway default/eg
`;

/** `tailway explain`: prints what a running shim has answered Envoy Gateway, and why. Gives the exit status: 2 is a wrong call. */
export async function explain(args: readonly string[], print: (text: string) => void): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string', default: 'http://127.0.0.1:8080' },
        gateway: { type: 'string' },
        endpoint: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (err) {
    print(`${err instanceof Error ? err.message : String(err)}\n\n${usage}`);
    return 2;
  }
  const { url, gateway, endpoint, json, help } = values;
  if (help) {
    print(usage);
    return 0;
  }
  if (!URL.canParse(url)) {
    print(`--url: ${JSON.stringify(url)} must be a URL such as http://127.0.0.1:8080\n`);
    return 2;
  }
  try {
    const answer = await fetch(new URL('/explain', url), { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    // The shim's own answer.
    const explanation = (await answer.json()) as Explanation;
    if (json) print(`${JSON.stringify(explanation, undefined, 2)}\n`);
    else if (explanation.virtualHosts === undefined) print('This shim serves no gateway: it reads no resources.\n');
    else {
      const filter = { ...(gateway === undefined ? {} : { gateway }), ...(endpoint === undefined ? {} : { endpoint }) };
      print(formatExplanation(explanation, filter));
    }
    return 0;
  } catch (err) {
    const cause = err instanceof Error ? (err.cause instanceof Error ? err.cause.message : err.message) : String(err);
    print(`failed to ask the shim at ${url}: ${cause}; --url names the address of its metrics server\n`);
    return 1;
  }
}
