import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { createCertificateFiles } from '../../functions/serving/certificates/node.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { edgeDevice, selectorResource, startEdgeShim } from '../edge-faults/edge-shim.ts';
import { createTestAuthority, type TestAuthority } from '../envoy/test-certificate.ts';
import { runNodeEdge } from './node-edge.ts';
import { runWorkerEdge } from './worker-edge.ts';

// A shim as its users run it, whose functions are where they would be deployed.

const devices = [edgeDevice(1), edgeDevice(2, ['tag:weight-2', 'tag:web'])];

/** Without a discovery tag: they make requests large enough to be compressed. */
const unused = Array.from({ length: 50 }, (_, i) => edgeDevice(100 + i, []));

describe.each([
  { where: 'Workers', run: runWorkerEdge, protocols: ['connect', 'grpc-web'] },
  { where: 'Node services', run: runNodeEdge, protocols: ['connect', 'grpc', 'grpc-web'] },
])('a shim whose functions are $where behind the gateway', ({ run, protocols }) => {
  const calls = protocols.flatMap((protocol) => [
    { protocol, compression: 'off' },
    { protocol, compression: 'gzip' },
  ]);

  test.each(calls)(
    'asks for everything there, over $protocol, compression $compression',
    async ({ protocol, compression }) => {
      await using edge = await run('old,new');
      await using shim = await startEdgeShim(edge.url, {
        args: [
          `--functions-protocol=${protocol}`,
          `--functions-compression=${compression}`,
          '--functions-fallback=none',
          '--functions-timeout=10s',
        ],
        // The newer of two.
        environment: { FUNCTIONS_TOKEN: 'new' },
        devices: [...devices, ...unused],
        resources: [selectorResource('web', 'tag:web')],
      });
      const [all, web] = [shim.follow('eds_backend'), shim.follow('default/web/web')];
      await all.toBe(['100.64.0.1', '100.64.0.2']);
      await web.toBe(['100.64.0.2']);
      await waitFor('the hooks', async () =>
        (await shim.injectedClusters()).join() === 'external-backend-web' ? true : undefined,
      );
      await shim.devices([edgeDevice(1), edgeDevice(3, ['tag:weight-2', 'tag:web'])]);
      await web.toBe(['100.64.0.3']);
      const metrics = await shim.metrics();
      for (const name of ['clusters', 'dataplane', 'endpoints']) {
        expect(metrics).toMatch(new RegExp(`calls_total\\{function="${name}",result="ok",place="remote"\\} [1-9]`));
      }
    },
  );
});

describe('a shim that shows a certificate', () => {
  let authority: TestAuthority;
  let folder: string;
  const paths = (name: string) => [join(folder, `${name}.crt`), join(folder, `${name}.key`)] as const;

  async function issue(name: string, issuer: TestAuthority, subjectAltName: string): Promise<void> {
    const { cert, key } = await issuer.issue(subjectAltName);
    const [certFile, keyFile] = paths(name);
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tailway-mtls-'));
    authority = await createTestAuthority();
    await issue('server', authority, 'IP:127.0.0.1');
    await issue('shim', authority, 'DNS:shim');
  });

  afterAll(async () => {
    await authority[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function serve() {
    const [certFile, keyFile] = paths('server');
    const certificates = createCertificateFiles({
      names: { certFile, keyFile, clientCaFile: authority.caFile },
      onError: (error) => {
        throw error;
      },
    });
    const server = await serveFunctions({ bindAddress: '127.0.0.1', port: 0, routes: registerFunctions, certificates });
    return { url: server.url, [Symbol.asyncDispose]: () => server.close() };
  }

  test.each(['connect', 'grpc', 'grpc-web'])('is let in, over %s', async (protocol) => {
    await using server = await serve();
    const [certFile, keyFile] = paths('shim');
    const tls = [
      `--functions-ca-file=${authority.caFile}`,
      `--functions-cert-file=${certFile}`,
      `--functions-key-file=${keyFile}`,
    ];
    await using shim = await startEdgeShim(server.url, {
      args: [...tls, `--functions-protocol=${protocol}`, '--functions-fallback=none', '--functions-timeout=10s'],
      devices,
    });
    await shim.follow('eds_backend').toBe(['100.64.0.1', '100.64.0.2']);
    expect(await shim.metrics()).toMatch(/function="endpoints",result="ok",place="remote"\} 1/);
  });

  test('is not let in without it, and computes in its own process', async () => {
    await using server = await serve();
    await using shim = await startEdgeShim(server.url, {
      args: [`--functions-ca-file=${authority.caFile}`, '--functions-timeout=10s'],
      devices,
    });
    await shim.follow('eds_backend').toBe(['100.64.0.1', '100.64.0.2']);
    expect(await shim.metrics()).toMatch(/function="endpoints",result="unauthenticated",place="remote"\} 1/);
  });

  test('does not talk to a server that its authority has not signed', async () => {
    await using server = await serve();
    await using shim = await startEdgeShim(server.url, { args: ['--functions-timeout=10s'], devices });
    await shim.follow('eds_backend').toBe(['100.64.0.1', '100.64.0.2']);
    expect(await shim.metrics()).not.toContain('function="endpoints",result="ok",place="remote"');
    expect(shim.process.process.lines.join('\n')).toContain('check --functions-ca-file');
  });
});
