import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program that runs beside this one. */
export interface RunningProcess {
  readonly pid: number;
  /** The lines that it has written so far. */
  readonly lines: readonly string[];
  /** Its exit code once it has ended (-1: by a signal). */
  exitCode(): number | undefined;
  /** Sends a signal and waits for the end; SIGKILL after `graceMs`. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<number>;
}

const keptLines = 5000;

/** Starts a program without a shell; its output is kept, not shown. Rejects when it cannot be started. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly onLine?: (line: string) => void } = {},
): Promise<RunningProcess> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.length < keptLines) lines.push(line);
      options.onLine?.(line);
    });
  }
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`failed to start ${command}`, { cause })));
    child.once('spawn', () => resolve(child.pid ?? -1));
  });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  return {
    pid,
    lines,
    exitCode: () => exitCodeOf(child),
    stop: async (signal = 'SIGTERM', graceMs = 10_000) => {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      return ended.finally(() => clearTimeout(timer));
    },
  };
}

function exitCodeOf(child: ChildProcess): number | undefined {
  return child.exitCode ?? (child.signalCode === null ? undefined : -1);
}
