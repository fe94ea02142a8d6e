import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority } from '../../test/envoy/test-certificate.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createTlsFiles } from './tls-files.ts';

let folder: string;
let authority: TestAuthority;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-tls-'));
  authority = await createTestAuthority();
  return async () => {
    await authority[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
});

describe('files of certificates', () => {
  it('are read again when both have changed, and keep their last good content', async () => {
    const [cert, key] = [join(folder, 'a.crt'), join(folder, 'a.key')];
    const [first, second] = [await authority.issue('DNS:first'), await authority.issue('DNS:second')];
    await writeFile(cert, first.cert);
    await writeFile(key, first.key);
    const clock = createFakeClock();
    const log = createFakeLog();
    const read = createTlsFiles({ ca: undefined, cert, key }, { clock, log });
    const before = read();
    expect(before).toEqual({ cert: Buffer.from(first.cert), key: Buffer.from(first.key) });
    // The certificate of another key: calls with it would all fail.
    await writeFile(cert, second.cert);
    await utimes(cert, 1, 1);
    expect(read()).toBe(before);
    clock.advance(10_000);
    expect(read()).toBe(before);
    expect(log.messages('warn')).toEqual(['certificates for the functions cannot be used: the last good ones stay']);
    await writeFile(key, second.key);
    await utimes(key, 2, 2);
    clock.advance(10_000);
    expect(read()).toEqual({ cert: Buffer.from(second.cert), key: Buffer.from(second.key) });
    await rm(cert);
    clock.advance(10_000);
    expect(read().cert?.toString()).toBe(second.cert);
    expect(log.messages('warn')).toHaveLength(2);
  });

  it('that are not there, or are none, are named', async () => {
    const parts = { clock: createFakeClock(), log: createFakeLog() };
    expect(() => createTlsFiles({ ca: join(folder, 'none.crt') }, parts)).toThrow('none.crt');
    expect(createTlsFiles({ ca: undefined }, parts)()).toEqual({});
    const garbage = join(folder, 'garbage.pem');
    await writeFile(garbage, 'garbage');
    expect(() => createTlsFiles({ ca: garbage }, parts)).toThrow('garbage.pem holds no certificate');
    expect(() => createTlsFiles({ cert: garbage, key: garbage }, parts)).toThrow('are no certificates with their key');
    expect(createTlsFiles({ ca: authority.caFile }, parts)()).toEqual({ ca: await readFile(authority.caFile) });
  });
});
