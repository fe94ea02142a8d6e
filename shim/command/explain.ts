import type { Explanation } from '../extension/explanation.ts';
import { askShim } from './ask-shim.ts';
import { defineCommand } from './command.ts';
import { formatExplanation } from './explanation-text.ts';
import { jsonFlag, urlFlag } from './flag.ts';

/** `tailway explain`: what a running shim has answered Envoy Gateway, and why. */
export const explain = defineCommand({
  name: 'explain',
  summary: 'what is injected into gateways, what is not, and why',
  flags: {
    url: urlFlag,
    gateway: { type: 'string', value: 'NAMESPACE/NAME', help: 'only the virtual hosts of this Gateway' },
    endpoint: { type: 'string', value: 'PART', help: 'only endpoints whose namespace/resource/name contains this' },
    json: jsonFlag,
  },
  examples: [
    { call: 'tailway explain', does: 'what a shim on this machine has injected', needs: 'a shim' },
    {
      call: 'tailway explain --gateway default/eg --endpoint web',
      does: 'why one endpoint is, or is not, on one Gateway',
      needs: 'a shim',
    },
  ],
  statuses: { 0: 'explained', 1: 'the shim cannot be asked' },
  async run({ flags: { url, gateway, endpoint, json }, out }) {
    // The shim's own answer.
    const explanation = (await askShim(url, '/explain')) as Explanation;
    if (json) out(`${JSON.stringify(explanation, undefined, 2)}\n`);
    else if (explanation.virtualHosts === undefined) out('This shim serves no gateway: it reads no resources.\n');
    else {
      const filter = { ...(gateway === undefined ? {} : { gateway }), ...(endpoint === undefined ? {} : { endpoint }) };
      out(formatExplanation(explanation, filter));
    }
    return 0;
  },
});
