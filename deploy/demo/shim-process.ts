import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from './child-process.ts';
import { waitFor } from './wait-for.ts';

/** A shim that runs as its users run it: a process with flags and environment. */
export interface ShimProcess {
  readonly process: RunningProcess;
  readonly xdsPort: number;
  readonly healthPort: number;
  readonly metricsPort: number;
  /** Lines of the log, parsed; others are left out. */
  log(): readonly LogLine[];
}

/** A line of the log. */
export type LogLine = { readonly level: string; readonly message: string } & Readonly<Record<string, unknown>>;

/** The shim's program; where all is bundled into one file, that one's command. */
const program = import.meta.filename.endsWith('.ts')
  ? [fileURLToPath(new URL('../../shim/main.ts', import.meta.url))]
  : [import.meta.filename, 'serve'];

/** Starts the shim on loopback, on ports that the system chooses unless `args` say otherwise, and waits until it listens. */
export async function startShim(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ShimProcess> {
  const loopback = ['--bind-address=127.0.0.1', '--health-probe-bind-address=127.0.0.1:0'];
  const ports = ['--xds-port=0', '--metrics-bind-address=127.0.0.1:0'];
  const child = await startProcess(process.execPath, [...program, ...loopback, ...ports, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
  });
  const log = () => child.lines.flatMap(parseLine);
  const listening = await waitFor('the shim to listen', () => {
    if (child.exitCode() !== undefined) throw new Error(`the shim ended: ${child.lines.join('\n')}`);
    return log().find(({ message }) => message === 'listening');
  }).catch(async (err: unknown) => {
    await child.stop('SIGKILL');
    throw err;
  });
  return {
    process: child,
    xdsPort: Number(listening['xdsPort']),
    healthPort: Number(listening['healthPort']),
    metricsPort: Number(listening['metricsPort']),
    log,
  };
}

function parseLine(line: string): LogLine[] {
  try {
    // The shim's own log.
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
}
