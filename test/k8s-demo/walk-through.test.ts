import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { measureShares } from '../../deploy/demo/shares.ts';
import { type Stops, createStops } from '../cluster/stops.ts';
import { createFakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { serverManifests } from './demo-manifests.ts';
import { type ServerPod, startExampleServer, startSidecarEnvoy, tagsOf } from './server-pod.ts';

/** Requests of a measurement, and how many points a share may be off. */
const requests = 3000;
const points = 3;

/** `helm install … --set` of the walk-through, for each cluster. */
const eastValues = ['serverLocality=east', 'advertiseTags=--advertise-tags=tag:weight-2'];

let stops: Stops;
let pods: readonly ServerPod[];
let controlPlane: ControlPlane;
let entry: URL;
let serverPort: number;
let adminPort: number;

/** The devices of the tailnet: the Pods, and the control plane, which has no tag. */
function devicesOf(present: readonly ServerPod[]): readonly object[] {
  const own = tailscaleDevice(100, { name: 'tsnet-dynamic-eds.tail1234.ts.net', tags: [] });
  return [own, ...present.map((pod, i) => tailscaleDevice(i + 1, { addresses: [pod.address], tags: tagsOf(pod) }))];
}

/** Percent of the answers by what they say, and `failed` in absolute numbers. */
async function shares(): Promise<Record<string, number>> {
  const { answers, failed } = await measureShares(entry, requests);
  return { failed, ...Object.fromEntries([...answers].map(([answer, n]) => [answer, (100 * n) / requests])) };
}

function near(percent: number) {
  return expect.closeTo(percent, -Math.log10(2 * points));
}

beforeAll(async () => {
  stops = createStops();
  const folder = await stops.folder();
  const api = await createFakeTailscale();
  stops.defer(() => api.close());
  api.setDevices(devicesOf([]));
  const [listenerPort = 0, ...ports] = await freePorts(3);
  [serverPort = 0, adminPort = 0] = ports;
  entry = new URL(`http://127.0.0.1:${listenerPort}`);
  controlPlane = await startControlPlane(api, folder, [
    `--listener-port=${listenerPort}`,
    '--listener-address=127.0.0.1',
    `--endpoint-port=${serverPort}`,
    '--poll-interval=1s',
  ]);
  stops.defer(() => controlPlane.process.stop('SIGKILL'));

  const host = ['controlPlaneHost=127.0.0.1', `controlPlanePort=${controlPlane.xdsPort}`];
  const [west, east] = [await serverManifests(host), await serverManifests([...host, ...eastValues])];
  pods = [
    { name: 'tailscale-servers-56cd5ddbfd-fhfpb', address: '127.0.1.1', manifests: west },
    { name: 'tailscale-servers-56cd5ddbfd-j4gpr', address: '127.0.1.2', manifests: west },
    { name: 'tailscale-servers-7f98889799-7bjts', address: '127.0.1.3', manifests: east },
    { name: 'tailscale-servers-7f98889799-9vjlc', address: '127.0.1.4', manifests: east },
  ];
  for (const pod of pods) {
    const server = await startExampleServer(pod, serverPort);
    stops.defer(() => server.stop());
  }
  const [first] = pods;
  if (first !== undefined) {
    const envoy = await startSidecarEnvoy(first, folder, adminPort);
    stops.defer(() => envoy.stop('SIGTERM', 5000));
  }
  api.setDevices(devicesOf(pods));
});

afterAll(async () => stops[Symbol.asyncDispose]());

describe('the walk-through', () => {
  it('says which server answers', async () => {
    const answers = pods.map(async ({ address }) => (await fetch(`http://${address}:${serverPort}`)).text());
    expect(await Promise.all(answers)).toEqual([
      'Hello from tailscale-servers-56cd5ddbfd-fhfpb! in west\n',
      'Hello from tailscale-servers-56cd5ddbfd-j4gpr! in west\n',
      'Hello from tailscale-servers-7f98889799-7bjts! in east\n',
      'Hello from tailscale-servers-7f98889799-9vjlc! in east\n',
    ]);
  });

  it('spreads the requests to one Envoy over both clusters, by the tags of the charts', async () => {
    await expect.poll(shares).toEqual({
      failed: 0,
      'Hello from tailscale-servers-56cd5ddbfd-fhfpb! in west': near(100 / 6),
      'Hello from tailscale-servers-56cd5ddbfd-j4gpr! in west': near(100 / 6),
      'Hello from tailscale-servers-7f98889799-7bjts! in east': near(100 / 3),
      'Hello from tailscale-servers-7f98889799-9vjlc! in east': near(100 / 3),
    });
  });

  it('goes without a server that says it is unhealthy', async () => {
    const answer = await fetch(`http://127.0.1.1:${serverPort}/unhealthy`);
    expect(await answer.text()).toBe('[tailscale-servers-56cd5ddbfd-fhfpb] Set to unhealthy\n');
    await expect.poll(shares).toEqual({
      failed: 0,
      'Hello from tailscale-servers-56cd5ddbfd-j4gpr! in west': near(70 / 2.7),
      'Hello from tailscale-servers-7f98889799-7bjts! in east': near(100 / 2.7),
      'Hello from tailscale-servers-7f98889799-9vjlc! in east': near(100 / 2.7),
    });
  });

  it('names the Envoy by its Pod', async () => {
    const info = await (await fetch(`http://127.0.0.1:${adminPort}/server_info`)).json();
    expect(info).toMatchObject({ node: { id: pods[0]?.name, cluster: 'tailscale-servers' } });
  });

  it('asks no cluster', () => {
    expect(controlPlane.process.lines.filter((line) => /kubernetes|gateway\.tailscale/.test(line))).toEqual([]);
  });
});
