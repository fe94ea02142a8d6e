// `npm run server`: the demo's server.
import { hostname } from 'node:os';
import { orEnd, parseFlags } from './command-line.ts';
import { startDemoServer } from './demo-server.ts';

const usage = `Usage: npm run server -- [--port 8080] [--locality west] [--host NAME] [--address 0.0.0.0]
`;

const options = {
  port: { type: 'string', default: process.env['PORT'] ?? '8080' },
  locality: { type: 'string', default: process.env['SERVER_LOCALITY'] ?? 'local' },
  host: { type: 'string', default: hostname() },
  address: { type: 'string', default: process.env['BIND_ADDRESS'] ?? '0.0.0.0' },
} as const;
const { values } = parseFlags({ options }, usage);

const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
if (!(port <= 65535)) {
  process.stderr.write(`--port (PORT): "${values.port}" must be a whole number from 0 to 65535\n`);
  process.exit(2);
}

const server = await orEnd(startDemoServer({ ...values, port }));
process.stdout.write(`Server starting on :${server.port}, host = ${server.host}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
