import type { ResourceCache } from '../../shim/xds/resource-cache.ts';
import { createResourceCache } from '../../shim/xds/resource-cache.ts';
import { createResource, type ResourceChange } from '../../shim/xds/resource.ts';
import { createXdsServer, type XdsServer } from '../../shim/xds/server.ts';
import type { Control, Transaction } from './control.ts';

/** Tailway's xDS server in this process, behind the same control interface as any other. */
export interface TailwayTarget extends Control {
  /** Starts the server and returns its address; a reset keeps it. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

const silentLog = { debug() {}, info() {}, warn() {}, error() {} };
const host = '127.0.0.1';

/** Longer than any machine stalls, so that the order of what is sent does not depend on it. */
const answerWaitMs = 60_000;

/** Builds a target that listens on a free port of the loopback interface. */
export function createTailwayTarget(): TailwayTarget {
  let cache: ResourceCache | undefined;
  let server: XdsServer | undefined;
  let port = 0;

  const start = async (nodeId = '') => {
    cache = createResourceCache();
    server = createXdsServer({ cache, log: silentLog, nodeId, answerWaitMs });
    ({ port } = await server.listen({ host, port }));
  };
  const stop = async () => server?.close({ graceMs: 0 });

  return {
    async listen() {
      await start();
      return `${host}:${port}`;
    },
    async apply(transaction) {
      cache?.apply(transactionToChanges(transaction));
    },
    async reset({ nodeId }) {
      await stop();
      await start(nodeId);
      return true;
    },
    async close() {
      await stop();
    },
  };
}

function transactionToChanges({ set = [], remove = [] }: Transaction): ResourceChange[] {
  return [
    ...set.map(({ typeUrl, name, body, endpointName }) => ({
      kind: 'set' as const,
      resource: createResource(typeUrl, name, body, endpointName === undefined ? {} : { endpointName }),
    })),
    ...remove.map(({ typeUrl, name }) => ({ kind: 'remove' as const, typeUrl, name })),
  ];
}
