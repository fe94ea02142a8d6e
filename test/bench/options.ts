import { parseArgs } from 'node:util';

/** What is run, and how often. */
export interface BenchOptions {
  /** Numbers of streams of the fan-out; a connection each. */
  readonly streams: readonly number[];
  /** Each figure is the median of so many runs. */
  readonly rounds: number;
  /** Without the two scale scenarios. */
  readonly fanoutOnly: boolean;
  /** File for all figures. */
  readonly json: string | undefined;
  /** A missed target is a failure. */
  readonly strict: boolean;
  /** Folder for CPU profiles of Tailway's server. */
  readonly profile: string | undefined;
}

/** How it is called. */
export const usage = `node test/bench/main.ts [options]

  --streams 100,1000,5000  numbers of ADS streams, each on its own connection
  --rounds 6               runs of each; figures are medians; 6 is one of each order
  --fanout-only            leave out the scenarios of many names and of many streams a connection
  --json FILE              write all figures
  --profile FOLDER         write CPU profiles of Tailway's server
  --strict                 exit with 1 when a target is missed
`;

/** Parses the command line. Throws an Error that says what is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      streams: { type: 'string', default: '100,1000,5000' },
      rounds: { type: 'string', default: '6' },
      'fanout-only': { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'string' },
      strict: { type: 'boolean', default: false },
    },
  });
  return {
    streams: values.streams.split(',').map((text) => parseCount('--streams', text)),
    rounds: parseCount('--rounds', values.rounds),
    fanoutOnly: values['fanout-only'],
    json: values.json,
    profile: values.profile,
    strict: values.strict,
  };
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${flag}: ${text} is no number of at least 1`);
  return count;
}
