import { connect } from 'node:http2';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProcess } from '../../deploy/demo/child-process.ts';
import { startShim } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { DiscoveryRequestSchema } from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { encodeFrame } from '../../shim/grpc/frame.ts';
import { typeUrls } from '../../shim/xds/resource.ts';

const main = fileURLToPath(new URL('../../shim/main.ts', import.meta.url));
const environment = { PATH: process.env['PATH'] };

let folder: string;
let devices: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-process-'));
  devices = join(folder, 'devices.json');
  await writeFile(devices, JSON.stringify({ devices: [] }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function runToEnd(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = await startProcess(process.execPath, [main, ...args], { env: { ...environment, ...env } });
  await waitFor('the end of the process', () => child.exitCode());
  return { code: await child.stop(), output: child.lines.join('\n') };
}

function status(port: number, path: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}${path}`).then((res) => res.status);
}

describe('the start', () => {
  it('ends with every wrong setting and its name', async () => {
    const { code, output } = await runToEnd(['--xds-port=x', '--bogus=1'], { TS_ENVOY_POLL_INTERVAL: 'never' });
    expect(code).toBe(2);
    expect(output).toContain('--xds-port');
    expect(output).toContain('--bogus');
    expect(output).toContain('TS_ENVOY_POLL_INTERVAL');
  });

  it('says what to set when nothing is', async () => {
    const { code, output } = await runToEnd([]);
    expect(code).toBe(2);
    expect(output).toContain('TS_ENVOY_API_TOKEN');
    expect(output).toContain('npm run demo');
  });

  it('helps', async () => {
    const { code, output } = await runToEnd(['--help']);
    expect(code).toBe(0);
    expect(output).toContain('TS_ENVOY_DISCOVERY_TAGS');
  });

  it('asks no cluster where it is told so', async () => {
    const noCluster = ['--kubeconfig=/no/such/kubeconfig', '--kubernetes=off'];
    const shim = await startShim([`--devices=${devices}`, ...noCluster]);
    try {
      await waitFor('readiness', async () => ((await status(shim.healthPort, '/readyz')) === 200 ? true : undefined));
      expect(shim.log()).not.toContainEqual(expect.objectContaining({ component: 'gateway' }));
    } finally {
      await shim.process.stop('SIGKILL');
    }
    const { code, output } = await runToEnd(noCluster);
    expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining('nothing to serve') });
  });

  it('names the setting of an address that is taken', async () => {
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
    const { port } = occupant.address() as AddressInfo;
    const { code, output } = await runToEnd([
      `--devices=${devices}`,
      '--bind-address=127.0.0.1',
      '--health-probe-bind-address=0',
      '--metrics-bind-address=0',
      `--xds-port=${port}`,
    ]);
    await new Promise((resolve) => occupant.close(resolve));
    expect(code).toBe(1);
    expect(output).toContain('EADDRINUSE');
    expect(output).toContain('--xds-port');
  });
});

describe('probes and metrics', () => {
  it('are ready once the devices are there, and stay so when they cannot be read any more', async () => {
    const file = join(folder, 'late.json');
    const shim = await startShim([`--devices=${file}`]);
    try {
      expect(await status(shim.healthPort, '/healthz')).toBe(200);
      expect(await status(shim.healthPort, '/readyz')).toBe(503);
      await writeFile(file, JSON.stringify({ devices: [] }));
      await waitFor('readiness', async () => ((await status(shim.healthPort, '/readyz')) === 200 ? true : undefined));
      await writeFile(file, '{"devices": [');
      await waitFor('the failure in the log', () => shim.log().find(({ reason }) => reason === 'invalid-answer'));
      expect(await status(shim.healthPort, '/readyz')).toBe(200);
      expect(await status(shim.healthPort, '/nothing')).toBe(404);
      const metrics = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
      expect(metrics).toMatch(/^tailway_source_polls_total\{source="file",result="ok"\} [1-9]/m);
      expect(metrics).toMatch(/^tailway_source_polls_total\{source="file",result="invalid-answer"\} [1-9]/m);
      expect(metrics).toMatch(/^tailway_source_last_sync_age_seconds\{source="file"\} \d/m);
      expect(metrics).toMatch(/^tailway_build_info\{version="\d/m);
    } finally {
      await shim.process.stop('SIGKILL');
    }
  });
});

describe('the end', () => {
  it('comes with status 0 at the first SIGTERM, with streams open', async () => {
    const shim = await startShim([`--devices=${devices}`]);
    const session = connect(`http://127.0.0.1:${shim.xdsPort}`);
    session.on('error', () => undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined);
    const request = toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl: typeUrls.cluster }));
    stream.write(encodeFrame([request]));
    await waitFor('the stream to be counted', async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
      return /^tailway_xds_streams\{.*\} 1$/m.test(metrics) ? true : undefined;
    });
    expect(await shim.process.stop('SIGTERM')).toBe(0);
    session.destroy();
    expect(shim.log().at(-1)).toMatchObject({ message: 'stopped' });
  });

  it('does not wait for a client that sends half a request', async () => {
    const shim = await startShim([`--devices=${devices}`]);
    const clients = [shim.healthPort, shim.metricsPort].map((port) => createConnection(port, '127.0.0.1'));
    try {
      for (const client of clients) {
        client.on('error', () => undefined);
        await new Promise((resolve) => client.write('GET /metrics HTTP/1.1\r\nHost: tailway\r\n', resolve));
      }
      expect(await shim.process.stop('SIGTERM')).toBe(0);
    } finally {
      for (const client of clients) client.destroy();
    }
  });
});
