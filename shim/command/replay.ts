import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Message, toBinary, toJson } from '@bufbuild/protobuf';
import { type AnyFunction, callableFunctions, isFunctionName } from '../functions/callable-functions.ts';
import { createConfiguredFunctions } from '../functions/configured-functions.ts';
import type { FunctionsClient } from '../functions/functions-client.ts';
import { isRecordingName } from '../functions/recorder.ts';
import { decodeRecording, type Recording } from '../functions/recording.ts';
import { parseSettings } from '../settings/settings.ts';
import { systemClock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { version } from '../version.ts';
import { CommandFailure, WrongCall } from './command-error.ts';
import { defineCommand } from './command.ts';
import { jsonFlag } from './flag.ts';
import { findDifferences } from './replay-difference.ts';
import type { Replay, ReplayedRecording } from './replay-result.ts';
import { formatReplay } from './replay-text.ts';

/** `tailway replay`: runs recorded calls of functions again, and shows what comes out otherwise. */
export const replay = defineCommand({
  name: 'replay',
  summary: 'runs what a shim has recorded again, and shows what comes out otherwise',
  description:
    'A shim with --record DIR keeps the newest inputs and outputs of its functions. What a change of a function would\n' +
    'have done to them is seen here before it is deployed. FUNCTIONS_TOKEN and the other variables of the functions\n' +
    'count as for the shim.',
  operands: [{ name: 'DIR', help: 'folder of the recordings' }],
  flags: {
    url: { type: 'string', value: 'URL', help: 'asks the functions there; without it, those of this release' },
    function: { type: 'string', value: 'NAME', help: 'only clusters, dataplane or endpoints' },
    json: jsonFlag,
  },
  examples: [
    { call: 'tailway replay recordings', does: 'with the functions of this release', needs: 'recordings' },
    {
      call: 'tailway replay recordings --function endpoints --url https://functions.example.com',
      does: 'one function, where it is deployed',
      needs: 'recordings',
    },
  ],
  statuses: { 0: 'all came out the same', 1: 'some did not, or had no answer' },
  async run({ flags: { url, function: only, json }, operands: [folder = ''], out, style, environment }) {
    if (only !== undefined && !isFunctionName(only)) {
      throw new WrongCall(`--function: ${only} must be one of ${Object.keys(callableFunctions).join(', ')}`);
    }
    const client = url === undefined ? undefined : connect(url, environment);
    try {
      const files = await listRecordings(folder);
      const wanted = files.filter((file) => only === undefined || file.endsWith(`-${only}.json`));
      if (wanted.length === 0) throw new CommandFailure(`${folder}: there are no recordings; see --record of the shim`);
      const replayed: (ReplayedRecording | 'same')[] = [];
      for (const file of wanted) replayed.push(await replayFile(folder, file, client));
      const others = replayed.filter((each) => each !== 'same');
      const result: Replay = { recordings: wanted.length, same: wanted.length - others.length, others };
      out(json ? `${JSON.stringify(result, undefined, 2)}\n` : formatReplay(result, style));
      return others.length === 0 ? 0 : 1;
    } finally {
      client?.close();
    }
  },
});

async function listRecordings(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter(isRecordingName).toSorted();
  } catch (err) {
    throw new WrongCall(`${folder}: ${err instanceof Error ? err.message : String(err)}`, { cause: err });
  }
}

async function replayFile(
  folder: string,
  file: string,
  client: FunctionsClient | undefined,
): Promise<ReplayedRecording | 'same'> {
  const recording = await readRecording(join(folder, file));
  if (typeof recording === 'string') return { file, outcome: 'unreadable', detail: recording };
  const definition = callableFunctions[recording.function];
  try {
    const answer = client === undefined ? definition.compute(recording.request) : await ask(client, recording);
    return compare(file, definition, recording, answer);
  } catch (err) {
    const detail = err instanceof Error ? err.message : String(err);
    return { file, outcome: 'failed', function: recording.function, detail };
  }
}

/** One file that can't be read must not hide all the others, and a pipe would keep the command for ever. */
async function readRecording(path: string): Promise<Recording | string> {
  try {
    return (await stat(path)).isFile() ? decodeRecording(await readFile(path, 'utf8')) : 'it is no file';
  } catch (err) {
    return `it cannot be read: ${err instanceof Error ? err.message : String(err)}`;
  }
}

function compare(file: string, definition: AnyFunction, recording: Recording, is: Message): ReplayedRecording | 'same' {
  const { method, anyTypes } = definition;
  const was = recording.answer;
  if (Buffer.compare(toBinary(method.output, was), toBinary(method.output, is)) === 0) return 'same';
  const json = (message: Message) =>
    toJson(method.output, message, anyTypes === undefined ? {} : { registry: anyTypes });
  const differences = findDifferences(json(was), json(is));
  const detail = 'fields that this release does not know differ';
  const other = { file, outcome: 'different', function: recording.function, differences } as const;
  return differences.length === 0 ? { ...other, detail } : other;
}

/** The request was read as what its function takes. */
function ask(client: FunctionsClient, { function: name, request }: Recording): Promise<Message> {
  switch (name) {
    case 'clusters':
      return client.computeClusters(request as Parameters<FunctionsClient['computeClusters']>[0]);
    case 'dataplane':
      return client.computeDataPlane(request as Parameters<FunctionsClient['computeDataPlane']>[0]);
    case 'endpoints':
      return client.computeEndpoints(request as Parameters<FunctionsClient['computeEndpoints']>[0]);
    default:
      return name satisfies never;
  }
}

/** The functions at a URL, called as the shim would, and nobody else. */
function connect(url: string, environment: Readonly<NodeJS.ProcessEnv>): FunctionsClient {
  const parsed = parseSettings([`--functions-url=${url}`, '--functions-fallback=none'], environment);
  if (parsed.kind === 'help') throw new Error('help was not asked for');
  if (parsed.kind === 'errors') throw new WrongCall(parsed.errors.join('\n'));
  if (parsed.settings.functionsUrls.length === 0)
    throw new WrongCall('--url: needs an origin such as http://127.0.0.1:9000');
  const functionsTimeout = Math.max(parsed.settings.functionsTimeout, patienceMs);
  const settings = { ...parsed.settings, functionsTimeout, recordDir: undefined };
  return createConfiguredFunctions(settings, {
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ version }),
  });
}

/** Nobody waits for a replay as Envoys wait for a shim. */
const patienceMs = 30_000;

const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
