import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

import type { TestResource, TypeUrl } from './resources.ts';

/** Changes that belong together. The first transaction, also an empty one, is the first sync. */
export interface Transaction {
  readonly set?: readonly TestResource[];
  readonly remove?: readonly { readonly typeUrl: TypeUrl; readonly name: string }[];
}

/** How a server under test begins again. */
export interface ResetOptions {
  /** The only node that is served from now on. */
  readonly nodeId?: string;
}

/** What a server under test can be told. */
export interface Control {
  /** Resolves when the changes are in effect. */
  apply(transaction: Transaction): Promise<void>;
  /** Begins again, as after a restart: no streams, no resources, not synced. False: that can't be done here. */
  reset(options: ResetOptions): Promise<boolean>;
}

/** A transaction in JSON, as README.md describes it. */
interface TransactionJson {
  readonly set?: readonly { type: TypeUrl; name: string; body: string; endpointName?: string }[];
  readonly remove?: readonly { type: TypeUrl; name: string }[];
}

/** The control interface of a server somewhere else. */
export function createControlClient(url: string): Control {
  const call = async (method: string, path: string, body: unknown) => {
    const response = await fetch(new URL(path, url), { method, body: JSON.stringify(body) });
    if (!response.ok && response.status !== 501) {
      throw new Error(`failed to ${method} ${path}: ${response.status} ${await response.text()}`);
    }
    return response.status;
  };
  return {
    async apply(transaction) {
      await call('PUT', '/resources', transactionToJson(transaction));
    },
    reset: async (options) => (await call('POST', '/reset', options)) !== 501,
  };
}

/** Serves a control interface over HTTP. */
export function createControlServer(control: Control): Server {
  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    switch (`${req.method} ${req.url}`) {
      case 'PUT /resources':
        await control.apply(transactionFromJson((await json(req)) as TransactionJson));
        return res.writeHead(204).end();
      case 'POST /reset':
        return res.writeHead((await control.reset((await json(req)) as ResetOptions)) ? 204 : 501).end();
      default:
        return res.writeHead(404).end();
    }
  };
  return createServer((req, res) => {
    handle(req, res).catch((err: unknown) => res.writeHead(500).end(String(err)));
  });
}

function transactionToJson({ set = [], remove = [] }: Transaction): TransactionJson {
  return {
    set: set.map(({ typeUrl, body, ...rest }) => ({
      type: typeUrl,
      body: Buffer.from(body).toString('base64'),
      ...rest,
    })),
    remove: remove.map(({ typeUrl, name }) => ({ type: typeUrl, name })),
  };
}

function transactionFromJson({ set = [], remove = [] }: TransactionJson): Transaction {
  return {
    set: set.map(({ type, body, ...rest }) => ({ typeUrl: type, body: Buffer.from(body, 'base64'), ...rest })),
    remove: remove.map(({ type, name }) => ({ typeUrl: type, name })),
  };
}
