import { hostname } from 'node:os';
import { defineCommand } from '../../shim/command/command.ts';
import { WrongCall } from '../../shim/command/command-error.ts';
import { startDemoServer } from './demo-server.ts';
import { orFailure } from './or-failure.ts';

/** `tailway server`, `npm run server`: the demo's server. */
export const server = defineCommand({
  name: 'server',
  summary: "run the demo's server, which says who it is",
  description: 'GET /unhealthy makes it fail its health checks, GET /healthy ends that.',
  flags: {
    port: { type: 'string', value: 'PORT', environment: 'PORT', fallback: '8080', help: 'port; 0: any free one' },
    locality: {
      type: 'string',
      value: 'NAME',
      environment: 'SERVER_LOCALITY',
      fallback: 'local',
      help: 'where it says that it is',
    },
    host: { type: 'string', value: 'NAME', fallback: hostname(), help: 'who it says that it is' },
    address: {
      type: 'string',
      value: 'ADDRESS',
      environment: 'BIND_ADDRESS',
      fallback: '0.0.0.0',
      help: 'address that it listens on',
    },
  },
  examples: [
    { call: 'tailway server --locality west', does: 'a server on port 8080' },
    { call: 'tailway server --port 8082 --locality east --host east-1', does: 'another one beside it' },
  ],
  statuses: { 0: 'stopped by a signal', 1: 'it could not listen' },
  async run({ flags: { port, locality, host, address }, out }) {
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
      throw new WrongCall(`--port (PORT): "${port}" must be a whole number from 0 to 65535`);
    }
    // Before it says that it is there: who waits for that may stop it at once.
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    });
    const running = await orFailure(startDemoServer({ host, locality, address, port: Number(port) }));
    out(`Server starting on :${running.port}, host = ${running.host}\n`);
    await stopped;
    await running.close();
    return 0;
  },
});
