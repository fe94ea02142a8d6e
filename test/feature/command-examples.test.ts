import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../deploy/command/commands.ts';
import { startProcess } from '../../deploy/demo/child-process.ts';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { Example } from '../../shim/command/command-definition.ts';
import type { Command } from '../../shim/command/command.ts';

const program = fileURLToPath(new URL('../../deploy/command/tailway.ts', import.meta.url));

/** Where examples are run: with the files that they name. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-examples-'));
  await mkdir(join(folder, 'resources'));
  await writeFile(
    join(folder, 'devices.yaml'),
    `devices:
  - { name: west-1, addresses: [100.64.0.1], tags: ['tag:weight-1'] }
  - { name: west-2, addresses: [100.64.0.2], tags: ['tag:weight-1'] }
  - { name: east-1, addresses: [100.64.0.3], tags: ['tag:weight-2'] }
`,
  );
  await writeFile(
    join(folder, 'resources', 'web.yaml'),
    `apiVersion: gateway.tailscale.com/v1alpha1
kind: TailscaleEndpoints
metadata: { name: services }
spec:
  endpoints:
    - { name: web, port: 8080, protocol: HTTP, externalTarget: 'example.com:80' }
`,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const all = commands.flatMap((command) =>
  command.examples.map((example) => ({ command, example, name: example.call })),
);

/** The words of an example; none needs a quote. */
function argumentsOf({ call }: Example): { program: string; name: string; args: string[] } {
  expect(call).not.toMatch(/["'$\\|;&]/);
  const [program = '', name = '', ...args] = call.split(' ');
  return { program, name, args };
}

async function run({ example, command }: { example: Example; command: Command }) {
  const words = argumentsOf(example).args;
  // What serves until it is stopped, on ports that nobody else has.
  const [xds, metrics, health, grpc, port] = (await freePorts(5)).map(String);
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    BIND_ADDRESS: '127.0.0.1',
    TS_ENVOY_PORT: xds,
    GRPC_PORT: grpc,
    METRICS_BIND_ADDRESS: `127.0.0.1:${metrics}`,
    HEALTH_PROBE_BIND_ADDRESS: `127.0.0.1:${health}`,
    PORT: port,
  };
  const args = words.map((word, index) => (words[index - 1] === '--port' ? (port ?? '') : word));
  const child = await startProcess(process.execPath, [program, command.name, ...args], { env, cwd: folder });
  const serves = command.name === 'serve' || command.name === 'server';
  if (serves) {
    await waitFor('it to serve', () => child.lines.find((line) => /listening|Server starting/.test(line)));
  } else await waitFor('its end', () => child.exitCode());
  return { code: await child.stop(), output: child.lines.join('\n') };
}

describe('examples of --help', () => {
  it.each(all)('are calls that the command takes: $name', ({ command, example }) => {
    const { program, name, args } = argumentsOf(example);
    expect([program, name]).toEqual(['tailway', command.name]);
    expect(() => command.check(args)).not.toThrow();
  });

  it.each(all.filter(({ example }) => example.needs === undefined))('do what they say: $name', async (each) => {
    const { code, output } = await run(each);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/./) });
  });

  it.each(commands.map((command) => ({ name: command.name, command })))(
    'are in the help of $name, with what its flags and statuses mean',
    ({ command }) => {
      const text = command.help();
      expect(command.examples.length).toBeGreaterThan(0);
      for (const { call, does } of command.examples) {
        expect(text).toContain(call);
        expect(text).toContain(does);
        for (const [flag] of call.matchAll(/--[a-z-]+/g)) expect(text.split('Examples')[0]).toContain(flag);
      }
      expect(text).toMatch(/^(Usage|tailway)/);
    },
  );

  it('are needed: a call that means nothing is told', () => {
    const calls = { serve: ['--bogus'], status: ['x'], simulate: ['--down'], client: ['http://127.0.0.1:1'] };
    for (const [name, args] of Object.entries(calls)) {
      expect(() => commands.find((command) => command.name === name)?.check(args)).toThrow(/./);
    }
  });
});

describe('the program', () => {
  it('ends as it should when nobody reads on', async () => {
    const child = spawn(process.execPath, [program, 'serve', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const errors = await text(child.stderr);
    expect(errors).toBe('');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  it.each([
    { args: [], code: 0, text: 'Usage: tailway COMMAND' },
    { args: ['stauts'], code: 2, text: 'Did you mean "tailway status"?' },
    { args: ['serve', '--help'], code: 0, text: 'TS_ENVOY_API_TOKEN' },
    { args: ['serve', '--bogus=1'], code: 2, text: '--bogus: there is no such flag' },
    { args: ['explain', '--resources', '/no/such/folder'], code: 1, text: 'there is no such folder' },
    { args: ['simulate', '--devices', '/no/such/file'], code: 1, text: '/no/such/file' },
  ])('ends with a status that means something: $args', async ({ args, code, text }) => {
    const child = await startProcess(process.execPath, [program, ...args], { env: { PATH: process.env['PATH'] } });
    await waitFor('the end', () => child.exitCode());
    expect(await child.stop()).toBe(code);
    expect(child.lines.join('\n')).toContain(text);
    expect(child.lines.join('\n')).not.toContain('    at ');
  });
});
