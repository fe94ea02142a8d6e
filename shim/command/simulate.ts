import { readFile } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import {
  ComputeEndpointsRequestSchema,
  type ComputeEndpointsResponse,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Simulation, type SimulationQuery, simulate as simulateGroups } from '../admin/simulation.ts';
import { settingsToGroup } from '../settings/data-plane-inputs.ts';
import { parseSettings } from '../settings/settings.ts';
import { parseDevicesFile } from '../sources/devices-file.ts';
import { askShim } from './ask-shim.ts';
import { defineCommand } from './command.ts';
import { CommandFailure, WrongCall } from './command-error.ts';
import { jsonFlag, urlFlag } from './flag.ts';
import { formatSimulation } from './simulation-text.ts';

/** `tailway simulate`: the shares that endpoints would have with others down. */
export const simulate = defineCommand({
  name: 'simulate',
  summary: 'which share each endpoint gets, and would get with others down',
  description:
    'Asks a running shim, or computes from a devices file, with the settings of the environment. Predicted as Envoy\n' +
    'balances: localities by weight, less what is unhealthy in them, priorities, panic.',
  flags: {
    down: {
      type: 'string',
      multiple: true,
      value: 'WHAT',
      help: 'a host, an address, a device or a discovery tag that is down',
    },
    group: { type: 'string', value: 'NAME', help: 'only this group, such as eds_backend' },
    devices: { type: 'string', value: 'FILE', help: 'computes from this devices file, without a shim' },
    url: urlFlag,
    json: jsonFlag,
  },
  examples: [
    { call: 'tailway simulate --devices devices.yaml', does: 'the shares of a devices file' },
    {
      call: 'tailway simulate --devices devices.yaml --down west-1 --down tag:weight-2',
      does: 'the same without one device and a whole locality',
    },
    {
      call: 'tailway simulate --down 100.64.0.1',
      does: 'what happens if one address of a running shim fails',
      needs: 'a shim',
    },
    {
      call: 'tailway simulate --down west-1 --group eds_backend --json',
      does: 'one group, for scripts',
      needs: 'a shim',
    },
  ],
  statuses: { 0: 'every group keeps a healthy endpoint', 1: 'some group would have none, or there is no answer' },
  async run({ flags: { down, group, devices, url, json }, out, err, style, environment }) {
    const query = { down, ...(group === undefined ? {} : { group }) };
    const simulation =
      devices === undefined ? await askSimulation(url, query) : await simulateFile(devices, query, environment, err);
    out(json ? `${JSON.stringify(simulation, undefined, 2)}\n` : formatSimulation(simulation, style));
    return simulation.groups.every(({ healthy }) => healthy > 0) ? 0 : 1;
  },
});

async function askSimulation(url: string, { down, group }: SimulationQuery): Promise<Simulation> {
  const query = [
    ...down.map((each) => ['down', each] as const),
    ...(group === undefined ? [] : [['group', group] as const]),
  ];
  // The shim's own answer.
  return (await askShim(url, '/simulate', query)) as Simulation;
}

async function simulateFile(
  file: string,
  query: SimulationQuery,
  environment: Readonly<NodeJS.ProcessEnv>,
  warn: (text: string) => void,
): Promise<Simulation> {
  const { groups } = await computeFile(file, environment, warn);
  const answer = simulateGroups(groups, query);
  if (!answer.ok) throw new WrongCall(`--${answer.detail}`);
  return answer.simulation;
}

/** What a shim with this file would serve to sidecars: entries that cannot be used are left out there too. */
async function computeFile(
  file: string,
  environment: Readonly<NodeJS.ProcessEnv>,
  warn: (text: string) => void,
): Promise<ComputeEndpointsResponse> {
  const parsed = parseSettings([`--devices=${file}`], environment);
  if (parsed.kind !== 'settings') throw new WrongCall(parsed.kind === 'errors' ? parsed.errors.join('\n') : '');
  const text = await readFile(file, 'utf8').catch((err: unknown) => {
    throw new CommandFailure(`--devices: failed to read ${file}: ${err instanceof Error ? err.message : String(err)}`);
  });
  const found = parseDevicesFile(text, file);
  if (!found.ok) throw new CommandFailure(found.failure.detail);
  for (const { place, detail } of found.rejected) warn(`left out: ${place}: ${detail}\n`);
  return computeEndpoints(
    create(ComputeEndpointsRequestSchema, {
      now: timestampFromMs(Date.now()),
      groups: [settingsToGroup(parsed.settings)],
      devices: [...found.devices],
    }),
  );
}
