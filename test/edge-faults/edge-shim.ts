import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import {
  PostTranslateModifyRequestSchema,
  PostTranslateModifyResponseSchema,
} from '../../proto/gen/envoygateway/extension/service_pb.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { createRawClient, frame } from '../../shim/extension/raw-call.ts';
import { connectXds } from '../conformance/xds-client.ts';
import { types } from '../conformance/resources.ts';

/** A device of the devices file. */
export interface EdgeDevice {
  readonly nodeId: string;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
}

/** A shim that reads devices and resources from files and calls functions elsewhere, as a process of its own. */
export interface EdgeShim extends AsyncDisposable {
  readonly process: ShimProcess;
  /** Replaces the devices. */
  devices(devices: readonly EdgeDevice[]): Promise<void>;
  /** Adds or replaces a file of resources. */
  resources(name: string, resources: readonly object[]): Promise<void>;
  /** Opens a stream for a group, and gives what it is told from then on. */
  follow(group: string): GroupFollower;
  /** The names of the clusters that the hook of a translation adds now. */
  injectedClusters(): Promise<readonly string[]>;
  metrics(): Promise<string>;
  /** Waits until a function's calls go to a URL again. */
  closedCircuit(name: string): Promise<void>;
}

/** An xDS client of one group. */
export interface GroupFollower {
  /** Waits until the group has exactly these addresses. */
  toBe(addresses: readonly string[]): Promise<void>;
  /** All answers so far, each with its addresses. */
  readonly seen: readonly (readonly string[])[];
  /** Whether the stream is still the one that was opened. */
  readonly broken: boolean;
}

/** A device `name` at `100.64.0.n`. */
export function edgeDevice(n: number, tags: readonly string[] = ['tag:weight-1']): EdgeDevice {
  return { nodeId: `device-${n}`, addresses: [`100.64.${n >> 8}.${n & 255}`], tags };
}

/** A TailscaleEndpoints of the namespace `default` with one endpoint that selects devices by a tag. */
export function selectorResource(name: string, tag: string): object {
  return {
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleEndpoints',
    metadata: { name, namespace: 'default' },
    spec: { endpoints: [{ name, port: 8080, protocol: 'HTTP', selector: { tags: [tag] } }] },
  };
}

/** Starts the shim against functions at `url`. */
export async function startEdgeShim(
  url: string,
  {
    args = [],
    environment = {},
    devices = [],
    resources = [],
  }: {
    readonly args?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly devices?: readonly EdgeDevice[];
    readonly resources?: readonly object[];
  } = {},
): Promise<EdgeShim> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-edge-'));
  const resourcesFolder = join(folder, 'resources');
  const devicesFile = join(folder, 'devices.json');
  await mkdir(resourcesFolder);
  const stops: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const replace = async (path: string, value: unknown) => {
    // Sources look at names that end on .json alone.
    await writeFile(`${path}.new`, JSON.stringify(value));
    await rename(`${path}.new`, path);
  };
  const writeDevices = (list: readonly EdgeDevice[]) =>
    replace(devicesFile, { devices: list.map((device) => ({ ...device, name: device.nodeId, authorized: true })) });
  const writeResources = (name: string, list: readonly object[]) =>
    replace(join(resourcesFolder, `${name}.json`), { apiVersion: 'v1', kind: 'List', items: list });
  await writeDevices(devices);
  if (resources.length > 0) await writeResources('first', resources);
  const shim = await startShim(
    [
      `--functions-url=${url}`,
      `--devices=${devicesFile}`,
      `--resources=${resourcesFolder}`,
      '--grpc-port=0',
      '--hold-empty=0',
      ...args,
    ],
    environment,
  );
  stops.push(() => shim.process.stop('SIGKILL'));
  const grpcPort = Number(shim.log().find(({ message }) => message === 'listening')?.['grpcPort']);
  const metrics = async () => await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();

  return {
    process: shim,
    devices: writeDevices,
    resources: writeResources,
    metrics,
    follow(group) {
      const client = connectXds(`127.0.0.1:${shim.xdsPort}`);
      stops.push(() => client.close());
      const stream = client.sotw();
      const seen: string[][] = [];
      let broken = false;
      void stream.grpc.ended.then(() => (broken = true));
      stream.subscribe(types.endpoint, [group]);
      const poll = async () => {
        for (const response of await stream.grpc.drain()) {
          for (const { value } of response.resources) seen.push(addressesOf(value));
          stream.ack({ ...response, resources: [] });
        }
        return seen.at(-1);
      };
      return {
        seen,
        get broken() {
          return broken;
        },
        async toBe(addresses) {
          await waitFor(`${group} to be ${addresses.join()}`, async () => {
            const last = await poll();
            if (last?.join() !== addresses.join()) throw new Error(`it is ${last?.join() ?? 'nothing'}`);
            return true;
          });
        },
      };
    },
    async injectedClusters() {
      const client = createRawClient(grpcPort);
      try {
        const request = toBinary(PostTranslateModifyRequestSchema, create(PostTranslateModifyRequestSchema));
        const { status, body } = await client.call('PostTranslateModify', frame(request));
        if (status !== 0) throw new Error(`the hook failed with ${status}`);
        const { clusters } = fromBinary(PostTranslateModifyResponseSchema, body);
        return clusters.map((bytes) => fromBinary(ClusterSchema, bytes).name);
      } finally {
        client.close();
      }
    },
    async closedCircuit(name) {
      await waitFor(`the circuit of ${name} to close`, async () =>
        (await metrics()).includes(`tailway_function_circuit_open{function="${name}",url="${url}"} 0`)
          ? true
          : undefined,
      );
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops.splice(0).toReversed()) await stop();
    },
  };
}

function addressesOf(body: Uint8Array): string[] {
  const { endpoints } = fromBinary(ClusterLoadAssignmentSchema, body);
  const hosts = endpoints.flatMap(({ lbEndpoints }) => lbEndpoints);
  return hosts
    .map(({ hostIdentifier }) => {
      const address = hostIdentifier.case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      return address?.case === 'socketAddress' ? address.value.address : '?';
    })
    .toSorted();
}
