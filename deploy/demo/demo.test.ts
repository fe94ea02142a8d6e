import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { startProcess } from './child-process.ts';
import { type DemoServer, startDemoServer } from './demo-server.ts';
import { findEnvoy } from './envoy-binary.ts';
import { formatShares, measureShares } from './shares.ts';
import { predictShares } from './prediction.ts';
import { waitFor } from './wait-for.ts';

const servers: DemoServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(host: string, locality: string): Promise<DemoServer> {
  const server = await startDemoServer({ host, locality, address: '127.0.0.1', port: 0 });
  servers.push(server);
  return server;
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

async function run(name: string, args: readonly string[]) {
  const child = await startProcess(process.execPath, [script(name), ...args], { env: { PATH: process.env['PATH'] } });
  await waitFor('the end', () => child.exitCode());
  return { code: await child.stop(), output: child.lines.join('\n') };
}

describe('the server', () => {
  it('says who it is, and can be taken out of service and back', async () => {
    const { port } = await start('web-1', 'west');
    const ask = async (path: string) => {
      const res = await fetch(`http://127.0.0.1:${port}${path}`);
      return `${res.status} ${(await res.text()).trim()}`;
    };
    expect(await ask('/')).toBe('200 Hello from web-1! in west');
    expect(await ask('/unhealthy')).toBe('200 [web-1] Set to unhealthy');
    expect(await ask('/')).toBe('503 [web-1] is unhealthy');
    expect(await ask('/healthy')).toBe('200 [web-1] Set to healthy');
    expect(await ask('/')).toBe('200 Hello from web-1! in west');
  });

  it('runs as a program until SIGTERM', async () => {
    const args = ['--port=0', '--locality=east', '--host=web-2', '--address=127.0.0.1'];
    const child = await startProcess(process.execPath, [script('server.ts'), ...args]);
    const line = await waitFor('the first line', () => child.lines[0]);
    const port = /^Server starting on :(\d+), host = web-2$/.exec(line)?.[1];
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('Hello from web-2! in east\n');
    expect(await child.stop('SIGTERM')).toBe(0);
  });

  it('names a port that is taken', async () => {
    const { port } = await start('web-1', 'west');
    const { code, output } = await run('server.ts', [`--port=${port}`, '--address=127.0.0.1']);
    expect({ code, output }).toEqual({
      code: 1,
      output: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    });
  });

  it('names a port that is none', async () => {
    expect(await run('server.ts', ['--port=http'])).toEqual({ code: 2, output: expect.stringContaining('--port') });
  });
});

it.each(['server.ts', 'client.ts', 'main.ts'])('%s says how it is used', async (name) => {
  const { code, output } = await run(name, ['--bogus']);
  expect(code).toBe(2);
  expect(output).toMatch(/^--bogus: there is no such flag\.\nTry: tailway \w+ --help$/);
  expect(output).not.toContain('    at ');
});

describe('the client', () => {
  it('prints the share of each answer and the failures', async () => {
    const { port } = await start('web-1', 'west');
    const { code, output } = await run('client.ts', [`http://127.0.0.1:${port}`, '10']);
    expect(output).toBe('Hello from web-1! in west: 100.0% (10)\nFailed: 0');
    expect(code).toBe(0);
  });

  it('counts answers that are none', async () => {
    const { port } = await start('web-1', 'west');
    await fetch(`http://127.0.0.1:${port}/unhealthy`);
    const { code, output } = await run('client.ts', [`http://127.0.0.1:${port}`, '3']);
    expect(output).toBe('Failed: 3');
    expect(code).toBe(1);
  });

  it.each([
    { name: 'no number', args: ['http://127.0.0.1:1'], text: 'N is missing' },
    { name: 'no URL', args: ['localhost', '5'], text: 'URL: "localhost"' },
  ])('explains itself: $name', async ({ args, text }) => {
    expect(await run('client.ts', args)).toEqual({ code: 2, output: expect.stringContaining(text) });
  });

  it('orders answers and rounds shares', () => {
    const answers = new Map([
      ['b', 2],
      ['a', 1],
    ]);
    expect(formatShares({ answers, failed: 4 })).toBe('a: 33.3% (1)\nb: 66.7% (2)\nFailed: 4');
  });

  it('sends exactly as many requests as it is told', async () => {
    const { port } = await start('web-1', 'west');
    const { answers, failed } = await measureShares(new URL(`http://127.0.0.1:${port}`), 17);
    expect([...answers.values(), failed]).toEqual([17, 0]);
  });
});

describe('the prediction', () => {
  it('is what B documents: 33/67, and 26/74 with one west server down', () => {
    const player = (host: string, tag: string, port: number) =>
      ({ host, tag, port, locality: '', close: () => Promise.resolve() }) as const;
    const players = [
      player('w1', 'tag:weight-1', 1),
      player('w2', 'tag:weight-1', 2),
      player('e1', 'tag:weight-2', 3),
      player('e2', 'tag:weight-2', 4),
    ];
    const west = (down: readonly string[]) => {
      const shares = predictShares(players, new Set(down));
      return Math.round(100 * ((shares.get('w1') ?? 0) + (shares.get('w2') ?? 0)));
    };
    expect([west([]), west(['w1']), west(['w1', 'w2'])]).toEqual([33, 26, 0]);
  });
});

describe('finding Envoy', () => {
  it('names ENVOY_BIN when it is no program', async () => {
    const found = findEnvoy({ environment: { ENVOY_BIN: '/no/such/envoy' }, cacheDir: '/no/such/cache' });
    await expect(found).rejects.toThrow(/ENVOY_BIN: \/no\/such\/envoy/);
  });

  it('takes ENVOY_BIN before the PATH', async () => {
    const environment = { ENVOY_BIN: process.execPath, PATH: '/usr/bin' };
    expect(await findEnvoy({ environment, cacheDir: '/no/such/cache' })).toBe(process.execPath);
  });
});
