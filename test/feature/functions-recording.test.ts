import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startProcess } from '../../deploy/demo/child-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { registerFunctions } from '../../functions/all-functions.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import { edgeDevice, selectorResource, startEdgeShim } from '../edge-faults/edge-shim.ts';
import { startFaultyEdge } from '../edge-faults/faulty-edge.ts';

const tailway = fileURLToPath(new URL('../../deploy/command/tailway.ts', import.meta.url));
const token = 'tk-never-recorded';

async function replay(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const child = await startProcess(process.execPath, [tailway, 'replay', ...args], {
    env: { PATH: process.env['PATH'], FUNCTIONS_TOKEN: token },
  });
  await waitFor('the end of the replay', () => child.exitCode());
  // Its last words may still be on their way.
  return { code: await child.stop(), text: child.lines.join('\n') };
}

it('what a shim records of remote functions and of the fallback runs again anywhere, and holds no secret', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-recordings-'));
  const address = { bindAddress: '127.0.0.1', port: 0 };
  const server = await serveFunctions({ ...address, routes: registerFunctions, tokens: token });
  try {
    await using edge = await startFaultyEdge(server.url);
    await using shim = await startEdgeShim(edge.url, {
      args: [`--record=${folder}`],
      environment: { FUNCTIONS_TOKEN: token },
      devices: [edgeDevice(1)],
      resources: [selectorResource('web', 'tag:web')],
    });
    const group = shim.follow('eds_backend');
    await group.toBe(['100.64.0.1']);
    edge.set('noise');
    await shim.devices([edgeDevice(1), edgeDevice(2, ['tag:weight-2', 'tag:web'])]);
    await group.toBe(['100.64.0.1', '100.64.0.2']);
    const texts = await waitFor('the recordings', async () => {
      const names = await readdir(folder);
      const all = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
      return all.some((text) => text.includes('"place":"fallback"')) ? all : undefined;
    });
    expect(texts.join('')).not.toContain(token);
    expect(await replay([folder])).toMatchObject({ code: 0, text: expect.stringContaining(' 0 different') });
    expect(await replay([folder, '--url', server.url])).toMatchObject({ code: 0 });
    // Judged on the same calls, an edge that is broken differs.
    expect(await replay([folder, '--url', edge.url])).toMatchObject({
      code: 1,
      text: expect.stringContaining('garbage'),
    });
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
