import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { typeUrls } from '../../shim/xds/resource.ts';

// What people have who know nothing of a server but its address: https://buf.build/docs/curl/usage/
const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));

let folder: string;
let shim: ShimProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-reflection-'));
  const devices = join(folder, 'devices.json');
  const device = { name: 'west-1', addresses: ['100.64.0.1'], tags: ['tag:weight-1'] };
  await writeFile(devices, JSON.stringify({ devices: [device] }));
  shim = await startShim([`--devices=${devices}`, '--kubernetes=off']);
});

afterAll(async () => {
  await shim.process.stop('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

it.each(Object.entries(typeUrls))(
  'lets people read what is served, as JSON and without a schema: %s',
  async (_, typeUrl) => {
    const url = `http://127.0.0.1:${shim.xdsPort}/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources`;
    const names = typeUrl === typeUrls.endpoint ? ['eds_backend'] : typeUrl === typeUrls.route ? ['local-route'] : [];
    const request = JSON.stringify({ typeUrl, resourceNames: names });
    const child = spawn(buf, ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--data', request, url], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({ typeUrl, resources: [{ '@type': typeUrl }] });
  },
);
