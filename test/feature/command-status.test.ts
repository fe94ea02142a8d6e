import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProcess } from '../../deploy/demo/child-process.ts';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import {
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { StatusSchema } from '../../proto/gen/google/rpc/status_pb.ts';
import type { Simulation } from '../../shim/admin/simulation.ts';
import type { ShimStatus } from '../../shim/admin/shim-status.ts';
import { openTestCall, openTestSession } from '../../shim/xds/server-client.ts';
import { typeUrls } from '../../shim/xds/resource.ts';

const program = fileURLToPath(new URL('../../deploy/command/tailway.ts', import.meta.url));

let folder: string;
let devices: string;
let shim: ShimProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-status-'));
  devices = join(folder, 'devices.json');
  const resources = join(folder, 'resources.yaml');
  await writeDevices();
  await writeFile(
    resources,
    `apiVersion: gateway.tailscale.com/v1alpha1
kind: TailscaleEndpoints
metadata: { name: services }
spec:
  endpoints:
    - { name: web, port: 8080, protocol: HTTP, selector: { tags: ['tag:weight-1'] } }
    - { name: metadata, port: 80, protocol: HTTP, externalTarget: '169.254.169.254:80' }
`,
  );
  shim = await startShim([`--devices=${devices}`, `--resources=${folder}`, '--grpc-port=0']);
});

afterAll(async () => {
  await shim.process.stop('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function writeDevices(): Promise<void> {
  const list = [
    { name: 'west-1', addresses: ['100.64.0.1'], tags: ['tag:weight-1'] },
    { name: 'east-1', addresses: ['100.64.0.2'], tags: ['tag:weight-2'] },
    { name: 'laptop', addresses: ['100.64.0.3'] },
  ];
  return writeFile(devices, JSON.stringify({ devices: list }));
}

/** Runs the program as people do, without a terminal. */
async function tailway(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { PATH: process.env['PATH'], TAILWAY_URL: `http://127.0.0.1:${shim.metricsPort}`, ...environment };
  const child = await startProcess(process.execPath, [program, ...args], { env });
  await waitFor('the end of the command', () => child.exitCode());
  return { code: await child.stop(), output: child.lines.join('\n') };
}

async function statusWhen(what: string, when: (status: ShimStatus) => boolean): Promise<ShimStatus> {
  return waitFor(what, async () => {
    const answer = await fetch(`http://127.0.0.1:${shim.metricsPort}/status`);
    const status = (await answer.json()) as ShimStatus;
    return when(status) ? status : undefined;
  });
}

describe('tailway status', () => {
  it('is fine once all is read, and shows what became of it', async () => {
    const status = await statusWhen('the first sync', ({ ready, groups }) => ready && groups.total === 2);
    expect(status).toMatchObject({
      problems: [],
      sources: [{ name: 'file', synced: true, devices: 3 }],
      resources: { synced: true, injected: 1, refused: { total: 1, items: [{ endpoint: 'metadata' }] } },
    });
    const group = status.groups.items.find(({ name }) => name === 'eds_backend');
    expect(group).toMatchObject({ endpoints: 2, excluded: { no_discovery_tag: 1 } });
    const { code, output } = await tailway(['status'], { FORCE_COLOR: '1' });
    expect(output).toContain('All is fine.');
    expect(output).toMatch(/TailscaleEndpoints default\/services +metadata +ForbiddenTarget/);
    expect(output).not.toContain('\u001b[');
    expect(code).toBe(0);
  });

  it('names the Envoy that refuses something, in its own words, and then that it has taken it', async () => {
    const session = await openTestSession(shim.xdsPort);
    try {
      const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
      const call = openTestCall(session, path, DiscoveryRequestSchema, DiscoveryResponseSchema);
      const typeUrl = typeUrls.cluster;
      call.send({ node: { id: 'web-1' }, typeUrl });
      const { nonce, versionInfo } = await call.next();
      const errorDetail = create(StatusSchema, { code: 3, message: 'no such \u001b[31mfilter' });
      call.send({ typeUrl, responseNonce: nonce, errorDetail });
      const status = await statusWhen('the refusal', ({ problems }) => problems.length > 0);
      expect(status.xds.streams.items).toMatchObject([
        { nodeId: 'web-1', variant: 'sotw', aggregated: true, wildcard: true, nackedVersion: versionInfo },
      ]);
      const { code, output } = await tailway(['status']);
      expect(code).toBe(1);
      expect(output).toContain(`✗ xds: web-1 refuses Cluster ${versionInfo}: no such  [31mfilter`);
      expect(output).toMatch(/web-1 .*Cluster +\* .*refused: no such/);

      call.send({ node: { id: 'web-2' }, typeUrl: typeUrls.listener });
      const listeners = await call.next();
      call.send({ typeUrl: typeUrls.listener, responseNonce: listeners.nonce, versionInfo: listeners.versionInfo });
      const served = await statusWhen('the acknowledgement', ({ xds }) =>
        xds.streams.items.some(({ ackedVersion }) => ackedVersion !== ''),
      );
      expect(served.xds.types).toContainEqual({ type: 'Listener', resources: 1, version: listeners.versionInfo });
    } finally {
      session.destroy();
    }
    await statusWhen('the end of the stream', ({ xds }) => xds.streams.total === 0);
  });

  it('says when the source fails, and gives scripts everything', async () => {
    await writeFile(devices, '{"devices": [');
    await statusWhen('the failure', ({ problems }) => problems.length > 0);
    const { code, output } = await tailway(['status', '--json']);
    expect(code).toBe(1);
    const status = JSON.parse(output) as ShimStatus;
    expect(status.sources[0]).toMatchObject({ synced: true, devices: 3, failure: { reason: 'invalid-answer' } });
    expect(status.problems).toEqual([{ part: 'source', detail: expect.stringContaining(devices) }]);
    await writeDevices();
    await statusWhen('the recovery', ({ problems }) => problems.length === 0);
  });

  it('lists no more than it is asked for', async () => {
    const answer = await fetch(`http://127.0.0.1:${shim.metricsPort}/status?limit=1`);
    expect(((await answer.json()) as ShimStatus).groups).toMatchObject({ total: 2, items: { length: 1 } });
    expect((await fetch(`http://127.0.0.1:${shim.metricsPort}/status?limit=x`)).status).toBe(400);
    const { output } = await tailway(['status', '--rows=1']);
    expect(output).toContain('… and 1 more');
  });
});

describe('tailway simulate', () => {
  it('asks a running shim', async () => {
    const { code, output } = await tailway(['simulate', '--down', 'west-1', '--json']);
    const { groups } = JSON.parse(output) as Simulation;
    expect(groups.map(({ name, healthy }) => [name, healthy])).toEqual([
      ['default/services/web', 0],
      ['eds_backend', 1],
    ]);
    // Nobody would be left of one group.
    expect(code).toBe(1);
    const text = await tailway(['simulate', '--down', '100.64.0.1', '--group', 'eds_backend']);
    expect(text.output).toMatch(/west-1 +100\.64\.0\.1:8080 +1 +33\.3% +0\.0% +-33\.3 {2}down/);
    expect(text.output).toMatch(/east-1 +100\.64\.0\.2:8080 +1 +66\.7% +100\.0% +\+33\.3/);
    expect(text.code).toBe(0);
  });

  it('says what there is when it is asked for something else', async () => {
    const { code, output } = await tailway(['simulate', '--down', 'nix']);
    expect(code).toBe(2);
    expect(output).toContain('there are 100.64.0.1:8080');
  });
});

describe('tailway explain', () => {
  it('says of a running shim why an endpoint is not there', async () => {
    const { code, output } = await tailway(['explain', '--endpoint', 'metadata']);
    expect(code).toBe(0);
    expect(output).toContain('TailscaleEndpoints default/services/metadata  ForbiddenTarget: ');
  });
});
