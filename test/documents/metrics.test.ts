import type { Metric } from 'prom-client';
import { expect, test } from 'vitest';
import { createMetrics } from '../../shim/telemetry/metrics.ts';
import { readDocuments } from './documents.ts';

interface Declared {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const { registry } = createMetrics({ version: 'test' });
// What every metric of the library holds, and its types do not tell.
const declared = (
  registry.getMetricsAsArray() as unknown as readonly (Metric & {
    name: string;
    help: string;
    labelNames: readonly string[];
  })[]
)
  .filter(({ name }) => name.startsWith('tailway_'))
  .map((metric): Declared => ({
    name: metric.name,
    type: metric.constructor.name.toLowerCase(),
    labels: metric.labelNames,
    help: metric.help,
  }));
const documents = readDocuments();
const rows = documents
  .filter(({ path }) => path === 'docs/metrics.md')
  .flatMap(({ text }) => text.split('\n'))
  .flatMap((line) =>
    /^\| `(tailway_\w+)` +\| (counter|gauge|histogram) +\| (.*?) +\| (.*?) +\|$/.exec(line)?.slice(1) ? [line] : [],
  )
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('docs/metrics.md tells of each metric, and of no other', () => {
  const told = rows.map(([, name = '', type = '', labels = '', help = '']): Declared => ({
    name: name.replaceAll('`', ''),
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
    help,
  }));
  expect(told).toEqual(declared);
});

test.each(documents)('$path names metrics and labels that there are', ({ text }) => {
  for (const [, name = '', selector = ''] of text.matchAll(/\b(tailway_[a-z_]+)(?![a-z_…])(?:\{([^}\n]*)\})?/g)) {
    const metric = declared.find((each) => each.name === name.replace(/_(bucket|sum|count)$/, ''));
    expect({ name, metric: metric?.name }).toEqual({ name, metric: name.replace(/_(bucket|sum|count)$/, '') });
    const labels = [...selector.matchAll(/(\w+)(?==|,|$)/g)].map(([, label]) => label);
    expect(metric?.labels).toEqual(expect.arrayContaining(labels));
  }
});
