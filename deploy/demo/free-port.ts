import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Where ports are chosen: below those that systems give to whoever asks for any (Linux: from 32768, others: from 49152), which
 * servers on port 0 and outgoing connections get in any order, between the choice of a port here and its use.
 */
const range = { from: 20_000, size: 12_000 };

const tries = 1000;

/**
 * Ports of loopback for programs that cannot be told to choose one themselves. They are free now, and as long as this process
 * runs no other call gives them away, be it of another process.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let i = 0; i < tries && ports.length < count; i += 1) {
    const port = range.from + Math.floor(Math.random() * range.size);
    if ((await claim(port)) && (await isFree(port))) ports.push(port);
  }
  if (ports.length < count) throw new Error(`no ${count} ports are free from ${range.from} on`);
  return ports;
}

/** Marks a port as given away: UDP's port of the same number, which nobody else needs, is held until this process ends. */
function claim(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
    socket.unref();
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
