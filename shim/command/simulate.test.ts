import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Simulation } from '../admin/simulation.ts';
import { runCommand } from './fake-shim.ts';
import { simulate } from './simulate.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function simulateFile(text: string) {
  const file = join(folder, 'devices.yaml');
  await writeFile(file, text);
  return { file, ...(await runCommand(simulate, ['--devices', file, '--json'])) };
}

describe('tailway simulate of a devices file', () => {
  it('tells of entries that cannot be used, and computes what a shim would serve', async () => {
    const { file, code, out, err } = await simulateFile(`devices:
  - { name: west-1, addresses: [100.64.0.1], tags: ['tag:weight-1'] }
  - { name: east-1, addresses: [100.64.0.2], tags: ['tag:weight-2'], expires: never }
  - { name: east-2, addresses: [100.64.0.3], tags: ['tag:weight-3'] }
`);
    expect(err).toMatch(/^left out: .*expires/);
    expect(err).toContain(file);
    const { groups } = JSON.parse(out) as Simulation;
    const endpoints = groups.flatMap(({ localities }) => localities.flatMap((each) => each.endpoints));
    expect(endpoints.map(({ after }) => after)).toEqual([0.25, 0.75]);
    expect(code).toBe(0);
  });

  it('says why a file can not be read at all', async () => {
    const { file, code, err } = await simulateFile('devices: {}');
    expect(code).toBe(1);
    expect(err).toContain(file);
  });
});
