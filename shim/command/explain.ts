import type { FullExplanation } from '../admin/explain-page.ts';
import { parseSettings } from '../settings/settings.ts';
import { askShim } from './ask-shim.ts';
import type { CommandContext } from './command-definition.ts';
import { defineCommand } from './command.ts';
import { WrongCall } from './command-error.ts';
import { explainFolder } from './explain-folder.ts';
import { formatExplanation } from './explanation-text.ts';
import { jsonFlag, urlFlag } from './flag.ts';

/** `tailway explain`: what a running shim has answered Envoy Gateway, or what a folder of resources would come to, and why. */
export const explain = defineCommand({
  name: 'explain',
  summary: 'what is injected into gateways, what is not, and why',
  description:
    'Asks a running shim what it has answered Envoy Gateway; or tells what a folder of YAML would come to before it is\n' +
    'applied: on the Gateways in the folder, or, without any, on one that takes every host name.',
  flags: {
    resources: { type: 'string', value: 'DIR', help: 'computes from this folder, without a shim' },
    url: urlFlag,
    gateway: { type: 'string', value: 'NAMESPACE/NAME', help: 'only the virtual hosts of this Gateway' },
    endpoint: { type: 'string', value: 'PART', help: 'only endpoints whose namespace/resource/name contains this' },
    json: jsonFlag,
  },
  examples: [
    { call: 'tailway explain --resources resources', does: 'what a folder would come to' },
    {
      call: 'tailway explain --resources resources --gateway default/eg',
      does: 'the same for a Gateway that policies name',
    },
    { call: 'tailway explain', does: 'what a shim on this machine has injected', needs: 'a shim' },
    {
      call: 'tailway explain --gateway default/eg --endpoint web',
      does: 'why one endpoint is, or is not, on one Gateway',
      needs: 'a shim',
    },
  ],
  statuses: { 0: 'explained', 1: 'the folder has what does not count, or the shim cannot be asked' },
  async run({ flags: { resources, url, gateway, endpoint, json }, ...context }) {
    if (gateway !== undefined && !/^[^/]+\/[^/]+$/.test(gateway)) {
      throw new WrongCall(`--gateway: ${JSON.stringify(gateway)} must be a namespace and a name, such as default/eg`);
    }
    const filter = { ...(gateway === undefined ? {} : { gateway }), ...(endpoint === undefined ? {} : { endpoint }) };
    const print = (explanation: FullExplanation) =>
      context.out(json ? `${JSON.stringify(explanation, undefined, 2)}\n` : formatExplanation(explanation, filter));
    if (resources !== undefined) return explainOffline(resources, gateway, print, context);
    // The shim's own answer.
    const explanation = (await askShim(url, '/explain')) as FullExplanation;
    if (!json && explanation.virtualHosts === undefined) {
      context.out('This shim serves no gateway: it reads no resources.\n');
    } else print(explanation);
    return 0;
  },
});

async function explainOffline(
  folder: string,
  gateway: string | undefined,
  print: (explanation: FullExplanation) => void,
  { environment, err, style }: CommandContext,
): Promise<number> {
  const parsed = parseSettings([`--resources=${folder}`], environment);
  if (parsed.kind !== 'settings') throw new WrongCall(parsed.kind === 'errors' ? parsed.errors.join('\n') : '');
  const explanation = await explainFolder(folder, parsed.settings, gateway);
  print(explanation);
  for (const { place, detail } of explanation.faults) err(`${style.bad('✗')} ${place}: ${detail}\n`);
  return explanation.faults.length + (explanation.refused?.length ?? 0) === 0 ? 0 : 1;
}
