import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An authority of a test's own, which nobody else trusts. */
export interface TestAuthority extends AsyncDisposable {
  readonly caFile: string;
  /** Issues a certificate, such as for `DNS:localhost` or `IP:127.0.0.1`. */
  issue(subjectAltName: string): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Creates an authority in a folder of its own. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-ca-'));
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...newKey, '-subj', '/CN=test', '-keyout', 'ca.key', '-out', 'ca.crt');
  let issued = 0;
  return {
    caFile: join(folder, 'ca.crt'),
    async issue(subjectAltName) {
      issued += 1;
      const [key, cert] = [`${issued}.key`, `${issued}.crt`];
      const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key'];
      const names = ['-subj', '/CN=test', '-addext', `subjectAltName=${subjectAltName}`];
      await openssl('req', '-x509', ...signer, ...newKey, ...names, '-keyout', key, '-out', cert);
      return { cert: await readFile(join(folder, cert), 'utf8'), key: await readFile(join(folder, key), 'utf8') };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
