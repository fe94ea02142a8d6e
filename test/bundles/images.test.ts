import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProcess } from '../../deploy/demo/child-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { createContextFilter, instructionsOf, listOf, parseDockerfile } from './dockerfile.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const stages = parseDockerfile(await readFile(join(root, 'deploy', 'image', 'Dockerfile'), 'utf8'));
const node = '/nodejs/bin/node';
const targets = ['shim', 'server', 'functions', 'functions-gateway'];

let context: string;
let images: string;

/** What `docker build` does in the first stage, but for `npm ci`, in a folder instead of a container. */
async function build(): Promise<void> {
  const takes = createContextFilter(await readFile(join(root, '.dockerignore'), 'utf8'));
  const source = await mkdtemp(join(tmpdir(), 'tailway-context-'));
  const files = (await run('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root })).stdout.trim().split('\n');
  for (const file of files.filter(takes)) await cp(join(root, file), join(source, file), { force: true }).catch(ifGone);
  const env = { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: process.env['HOME'] };
  for (const { name, rest } of instructionsOf(stages, 'build')) {
    if (name === 'COPY') {
      const words = rest.split(' ');
      for (const from of words.slice(0, -1)) await cp(join(source, from), join(context, from), { recursive: true });
    } else if (rest.startsWith('npm ci ')) {
      // Minutes for what the repository has: the same packages of the same lock file.
      await symlink(join(root, 'node_modules'), join(context, 'node_modules'));
    } else if (name === 'RUN') {
      await run('sh', ['-c', rest], { cwd: context, env, maxBuffer: 64 * 1024 * 1024 });
    } else if (name !== 'WORKDIR') {
      throw new Error(`${name} is not known here`);
    }
  }
  await rm(source, { recursive: true, force: true });
}

/** A file that somebody took away since it was listed. */
function ifGone(err: unknown): void {
  if (!(err instanceof Error && 'code' in err && err.code === 'ENOENT')) throw err;
}

/** Puts together what an image would hold beyond its base, and tells its folder. */
async function assemble(target: string): Promise<string> {
  const image = join(images, target);
  for (const { name, rest } of instructionsOf(stages, target)) {
    if (name !== 'COPY') continue;
    const [from, ...words] = rest.split(' ');
    expect(from).toBe('--from=build');
    const to = words.pop() ?? '';
    for (const word of words) {
      const path = join(context, relative('/src', word));
      const into = join(image, to.endsWith('/') ? join(to, relative(dirname(word), word)) : to);
      await mkdir(dirname(into), { recursive: true });
      await cp(path, into);
    }
  }
  return image;
}

/** Starts an image's entry point with `args` instead of its own. */
async function startImage(target: string, args?: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const instructions = instructionsOf(stages, target);
  const [program, ...words] = [...listOf(instructions, 'ENTRYPOINT'), ...(args ?? listOf(instructions, 'CMD'))];
  expect(program).toBe(node);
  const image = join(images, target);
  return startProcess(
    process.execPath,
    words.map((word) => (word.startsWith('/app/') ? join(image, word) : word)),
    { cwd: join(image, 'app'), env },
  );
}

beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'tailway-build-'));
  images = await mkdtemp(join(tmpdir(), 'tailway-images-'));
  const begin = performance.now();
  await build();
  process.stdout.write(`the images' build stage: ${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
  for (const target of targets) await assemble(target);
}, 300_000);

afterAll(async () => {
  await rm(context, { recursive: true, force: true });
  await rm(images, { recursive: true, force: true });
});

describe('the images', () => {
  it('say their version', () => {
    const version = instructionsOf(stages, 'shim').find(({ rest }) => rest.startsWith('VERSION='));
    expect(version).toEqual({ name: 'ARG', rest: `VERSION=${packageJson.version}` });
  });

  it('are the shim unless a target is named, and never run as root', () => {
    expect(stages.at(-1)?.name).toBe('shim');
    for (const target of targets) {
      const user = instructionsOf(stages, target).findLast(({ name }) => name === 'USER')?.rest;
      expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    }
  });

  it.each(targets)('hold their program, its source map and the licences: %s', async (target) => {
    const files = await readdir(join(images, target, 'app'));
    expect(files.toSorted()).toEqual([
      'LICENSES.txt',
      expect.stringMatching(/^[\w-]+\.mjs$/),
      expect.stringMatching(/^[\w-]+\.mjs\.map$/),
    ]);
  });
});

describe('the image of the shim', () => {
  it('serves, configured by the environment alone', async () => {
    const devices = join(images, 'devices.json');
    await writeFile(devices, '{"devices": []}');
    const shim = await startImage('shim', undefined, {
      TAILWAY_DEVICES: devices,
      BIND_ADDRESS: '127.0.0.1',
      TS_ENVOY_PORT: '0',
      HEALTH_PROBE_BIND_ADDRESS: '127.0.0.1:0',
      METRICS_BIND_ADDRESS: '0',
    });
    try {
      const [, port] = await waitFor('the shim', () => /"healthPort":(\d+)/.exec(shim.lines.join('\n')) ?? undefined);
      await waitFor('readiness', async () =>
        (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200 ? true : undefined,
      );
    } finally {
      expect(await shim.stop()).toBe(0);
    }
  });

  it('has the command on the PATH', async () => {
    const command = join(images, 'shim', 'usr', 'local', 'bin', 'tailway');
    expect((await stat(command)).mode & 0o777).toBe(0o755);
    const text = await readFile(command, 'utf8');
    expect(text).toMatch(/^#!\/nodejs\/bin\/node\n/);
    // The same file, where the image's files are here.
    const script = text.slice(text.indexOf('\n') + 1).replaceAll('/app/', `${join(images, 'shim', 'app')}/`);
    const { stdout } = await run(process.execPath, ['--eval', script, 'tailway', '--help']);
    expect(stdout).toMatch(/^Usage: tailway/);
  });
});

it('serves: the image of the server', async () => {
  const server = await startImage('server', ['--address=127.0.0.1', '--port=0', '--host=web-1'], {
    SERVER_LOCALITY: 'east',
  });
  try {
    const line = await waitFor('the server', () => server.lines.find((each) => each.startsWith('Server starting')));
    const answer = await fetch(`http://127.0.0.1:${/:(\d+),/.exec(line)?.[1]}`);
    expect(await answer.text()).toBe('Hello from web-1! in east\n');
  } finally {
    expect(await server.stop()).toBe(0);
  }
});

it('serves: the image of the functions', async () => {
  const functions = await startImage('functions', [], { PORT: '0', BIND_ADDRESS: '127.0.0.1' });
  try {
    const url = await waitFor('the functions', () => /http:\/\/[\d.:]+/.exec(functions.lines.join('\n'))?.[0]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  } finally {
    expect(await functions.stop()).toBe(0);
  }
});
