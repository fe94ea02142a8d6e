import { styleText } from 'node:util';

import type { Comparison, Figures, Workload } from './measure.ts';
import type { ServerName } from './processes.ts';
import { judge, type Verdict } from './targets.ts';

const columns: readonly { readonly title: string; readonly figure: keyof Figures; readonly digits: number }[] = [
  { title: 'p50 ms', figure: 'p50Ms', digits: 1 },
  { title: 'p99 ms', figure: 'p99Ms', digits: 1 },
  { title: 'CPU ms', figure: 'cpuMs', digits: 1 },
  { title: 'KiB/stream', figure: 'kibPerStream', digits: 1 },
  { title: 'connect ms', figure: 'connectMs', digits: 0 },
  { title: 'bytes/stream', figure: 'bytesPerStream', digits: 0 },
  { title: 'written', figure: 'written', digits: 0 },
];

const rows: readonly { readonly title: string; readonly server: ServerName }[] = [
  { title: 'Tailway', server: 'tailway' },
  { title: 'SnapshotCache', server: 'snapshot' },
  { title: 'LinearCache', server: 'linear' },
];

const nameWidth = 26;
const columnWidth = 16;

/** A table of one workload: the figures, then Tailway's ratio to each cache beside what it should be. */
export function formatComparison(workload: Workload, comparison: Comparison): string {
  const verdicts = judge(workload, comparison);
  const lines = [
    styleText('bold', workload.title),
    styleText(
      'dim',
      line(
        '',
        columns.map(({ title }) => title),
      ),
    ),
    ...rows.map(({ title, server }) =>
      line(
        title,
        columns.map(({ figure, digits }) => number(comparison[server][figure], digits)),
      ),
    ),
    ...(['snapshot', 'linear'] as const).map((cache) => ratioLine(comparison, cache, verdicts)),
  ];
  return `${lines.join('\n')}\n`;
}

/** What the columns mean. */
export const legend = `p50, p99: from just before the publish to the receipt at each stream. CPU: of the server, for one publish with all its
acknowledgements. KiB/stream: growth of its resident memory. connect: until every stream had its first response. bytes/stream: what
a stream concerned receives of a publish; written: how many streams received something of it. The last rows are Tailway's figure
as a share of the cache's, and the target where there is one.
`;

function ratioLine(comparison: Comparison, cache: 'snapshot' | 'linear', verdicts: readonly Verdict[]): string {
  const title = cache === 'snapshot' ? 'to SnapshotCache' : 'to LinearCache';
  const cells = columns.map(({ figure }) => {
    const ratio = comparison.tailway[figure] / comparison[cache][figure];
    const verdict = verdicts.find(({ target }) => target.cache === cache && target.figure === figure);
    if (!verdict) return ratio.toFixed(2).padStart(columnWidth);
    const text = `${ratio.toFixed(2)} ${verdict.met ? '✓' : '✗'} ≤${verdict.target.limit.toFixed(2)}`;
    return styleText(verdict.met ? 'green' : 'red', text.padStart(columnWidth));
  });
  return `  ${title.padEnd(nameWidth)}${cells.join('')}`;
}

function line(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(columnWidth)).join('')}`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
