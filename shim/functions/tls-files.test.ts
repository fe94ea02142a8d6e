import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeClock } from '../sources/fake-clock.ts';
import { createFakeLog } from '../sources/fake-log.ts';
import { createTlsFiles } from './tls-files.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-tls-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('files of certificates', () => {
  it('are read again when one has changed, and keep their last good content', async () => {
    const [cert, key] = [join(folder, 'a.crt'), join(folder, 'a.key')];
    await writeFile(cert, 'first');
    await writeFile(key, 'key');
    const clock = createFakeClock();
    const log = createFakeLog();
    const read = createTlsFiles({ ca: undefined, cert, key }, { clock, log });
    const first = read();
    expect(first).toEqual({ cert: Buffer.from('first'), key: Buffer.from('key') });
    await writeFile(cert, 'second, and longer');
    expect(read()).toBe(first);
    clock.advance(10_000);
    expect(read().cert?.toString()).toBe('second, and longer');
    await utimes(key, 1, 1);
    await rm(cert);
    clock.advance(10_000);
    expect(read().cert?.toString()).toBe('second, and longer');
    expect(log.messages('warn')).toHaveLength(1);
  });

  it('that are not there are named', () => {
    const parts = { clock: createFakeClock(), log: createFakeLog() };
    expect(() => createTlsFiles({ ca: join(folder, 'none.crt') }, parts)).toThrow('none.crt');
    expect(createTlsFiles({ ca: undefined }, parts)()).toEqual({});
  });
});
