import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildRequest, type CallFigures, measureCalls } from './functions-load.ts';
import { startPlaces } from './functions-places.ts';

const usage = `node test/bench/functions.ts [options]

Calls ComputeEndpoints in process, of a Node service over gRPC and Connect, and of a Worker in workerd behind its gateway.
Latencies are one caller's, with what it takes to write the request and to read the answer; calls a second are of eight.

  --endpoints 10,500,10000  sizes of the requests
  --seconds 3               how long each figure is measured
  --json FILE               write all figures
`;

const { values } = parseArgs({
  options: {
    endpoints: { type: 'string', default: '10,500,10000' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const counts = values.endpoints.split(',').map(Number);
const seconds = Number(values.seconds);
if (values.help || !counts.every((count) => Number.isInteger(count) && count > 0) || !(seconds > 0)) {
  process.stdout.write(usage);
  process.exit(values.help ? 0 : 2);
}

const header = ['place', 'endpoints', 'calls/s', 'p50 ms', 'p99 ms', 'µs an endpoint'];
print(header);
const results: (CallFigures & { readonly place: string; readonly endpoints: number })[] = [];
await using places = await startPlaces();
for (const { name, call } of places.all) {
  for (const endpoints of counts) {
    const request = buildRequest(endpoints);
    const figures = await measureCalls(() => call(request), seconds);
    results.push({ place: name, endpoints, ...figures });
    const { callsPerSecond, p50Ms, p99Ms } = figures;
    const perEndpoint = (p50Ms * 1000) / endpoints;
    print([
      name,
      String(endpoints),
      callsPerSecond.toFixed(callsPerSecond < 100 ? 1 : 0),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      perEndpoint.toFixed(2),
    ]);
  }
}
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
}

function print(cells: readonly string[]): void {
  const [place = '', ...figures] = cells;
  process.stdout.write(`${place.padEnd(26)}${figures.map((cell) => cell.padStart(15)).join('')}\n`);
}
