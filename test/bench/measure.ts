import { runLoad, serverNames, startServer, type ServerName } from './processes.ts';

/** What one run measured, as go/xdsload prints it. */
export interface Figures {
  /** Until every stream had its first response. */
  readonly connectMs: number;
  /** From just before a publish to its receipt, over all streams and publishes. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the server for one publish, with the acknowledgements. */
  readonly cpuMs: number;
  /** Growth of the server's resident memory. */
  readonly kibPerStream: number;
  /** What a stream that is concerned receives of a publish. */
  readonly bytesPerStream: number;
  /** Streams that received something of a publish, and those that had to. */
  readonly written: number;
  readonly expected: number;
}

/** What is run against each server. */
export interface Workload {
  readonly scenario: 'fanout' | 'names' | 'gateways';
  readonly title: string;
  readonly streams: number;
  readonly connections: number;
}

/** The median figures of each server. */
export type Comparison = Readonly<Record<ServerName, Figures>>;

/**
 * How many responses a server has sent before it is measured. Until then V8 compiles what has become hot, on the core that the
 * server is pinned to: its first publishes take up to twice as long as all later ones. Go's servers need no such thing.
 */
const warmUpResponses = 20_000;

/** Runs a workload against all servers in turn, `rounds` times; figures are medians. */
export async function compare(
  workload: Workload,
  options: { rounds: number; signal: AbortSignal; profile: string | undefined; progress: (text: string) => void },
): Promise<Comparison> {
  const runs: Record<ServerName, Figures[]> = { tailway: [], snapshot: [], linear: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (const name of orderOf(round)) {
      options.progress(`${workload.title}: ${name}, round ${round + 1} of ${options.rounds}`);
      runs[name].push(await runOnce(name, workload, options));
    }
  }
  return { tailway: median(runs.tailway), snapshot: median(runs.snapshot), linear: median(runs.linear) };
}

/**
 * The order of a round. What ran before moves the figures (a server connects up to a sixth more slowly after a linear cache than
 * after Tailway): over six rounds each comes first, second and third equally often, and after each of the others.
 */
function orderOf(round: number): readonly ServerName[] {
  const turn = Math.floor(round / 2) % serverNames.length;
  const order = [...serverNames.slice(turn), ...serverNames.slice(0, turn)];
  return round % 2 === 0 ? order : order.toReversed();
}

async function runOnce(
  name: ServerName,
  { scenario, streams, connections }: Workload,
  { signal, profile }: { signal: AbortSignal; profile: string | undefined },
): Promise<Figures> {
  const server = await startServer(name, signal, profile);
  try {
    const args = { scenario, streams, target: server.xds, control: server.control, pid: server.pid };
    const counts = {
      warmup: clamp(warmUpResponses / connections, 4, 40),
      publishes: clamp(15_000 / connections, 6, 30),
    };
    const flags = Object.entries({ ...args, ...counts }).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
    return JSON.parse(await runLoad(flags, signal)) as Figures;
  } finally {
    await server.stop();
  }
}

/** Fewer publishes where each concerns many streams, so that runs take about as long. */
function clamp(count: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(count)));
}

function median(runs: readonly Figures[]): Figures {
  const of = (figure: keyof Figures) => {
    const values = runs.map((run) => run[figure]).toSorted((a, b) => a - b);
    const middle = Math.floor(values.length / 2);
    const upper = values[middle] ?? 0;
    return values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? upper)) / 2;
  };
  return {
    connectMs: of('connectMs'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuMs: of('cpuMs'),
    kibPerStream: of('kibPerStream'),
    bytesPerStream: of('bytesPerStream'),
    written: of('written'),
    expected: of('expected'),
  };
}
