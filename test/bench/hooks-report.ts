import { styleText } from 'node:util';

import type { Figures } from './hooks-servers.ts';

/** Limits of Tailway's figures as shares of those of Go. */
export type Targets = Partial<Record<'p50Ms' | 'p99Ms' | 'cpuMs', number>>;

const columns = [
  { title: 'p50 ms', figure: 'p50Ms' },
  { title: 'p99 ms', figure: 'p99Ms' },
  { title: 'CPU ms', figure: 'cpuMs' },
] as const;

const memoryLimit = 4;

/** A table of one scenario: both servers' figures, then Tailway's share of Go's, beside what it should be. */
export function formatScenario(
  title: string,
  tailway: Figures,
  go: Figures,
  targets: Targets,
): { readonly text: string; readonly missed: number } {
  const rows = [row('', [...columns.map((column) => column.title), 'memory MiB', 'message MiB'])];
  for (const [name, figures] of [
    ['Tailway', tailway],
    ['Go', go],
  ] as const) {
    const times = columns.map(({ figure }) => figures[figure].toFixed(3));
    rows.push(row(name, [...times, mebibytes(figures.grownBytes), mebibytes(figures.messageBytes)]));
  }
  let missed = 0;
  const shares = columns.map(({ figure }) => {
    const share = tailway[figure] / go[figure];
    const limit = targets[figure];
    if (limit === undefined) return share.toFixed(2).padStart(16);
    if (share > limit) missed += 1;
    return verdict(share, limit);
  });
  rows.push(`${'share'.padEnd(12)}${shares.join('')}`);
  return { text: `${styleText('bold', title)}\n${rows.join('\n')}\n\n`, missed };
}

/** A table of translations that grow up to the largest message: time and memory for each MiB. */
export function formatLarge(sizes: readonly Figures[]): { readonly text: string; readonly missed: number } {
  if (sizes.length === 0) return { text: '', missed: 0 };
  const rows = [row('', ['message MiB', 'ms', 'ms a MiB', 'CPU ms a MiB', 'memory'])];
  let missed = 0;
  for (const { messageBytes, p50Ms, cpuMs, grownBytes } of sizes) {
    const size = messageBytes / 2 ** 20;
    const share = grownBytes / messageBytes;
    if (share > memoryLimit) missed += 1;
    const cells = [size.toFixed(0), p50Ms.toFixed(0), (p50Ms / size).toFixed(2), (cpuMs / size).toFixed(2)];
    rows.push(row('Tailway', cells) + verdict(share, memoryLimit));
  }
  return { text: `${styleText('bold', 'PostTranslateModify, growing')}\n${rows.join('\n')}\n\n`, missed };
}

/** What the columns mean. */
export function legend(system: string): string {
  return `p50, p99: of a call, at the client, one call at a time. CPU: of the server's process, for one call. memory: the peak of the
server's resident memory beyond what it had before; of growing messages as a multiple of the message. The server has one core
and the client the other, and was called as often before, and more, so that what is compiled as it runs is compiled; each figure
is the median of the rounds. ${system}, Node ${process.version}.
`;
}

function verdict(share: number, limit: number): string {
  const isMet = share <= limit;
  return styleText(
    isMet ? 'green' : 'red',
    `${share.toFixed(2)} ${isMet ? '✓' : '✗'} ≤${limit.toFixed(2)}`.padStart(16),
  );
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(12) + cells.map((cell) => cell.padStart(16)).join('');
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
