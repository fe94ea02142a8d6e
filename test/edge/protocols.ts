import { Agent } from 'node:http';
import { type Interceptor, type Transport } from '@connectrpc/connect';
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { anyTypes } from '../../functions/all-functions.ts';

/** A way to call functions. */
export interface Protocol {
  readonly name: string;
  connect(baseUrl: string, headers?: Readonly<Record<string, string>>): Transport;
}

const jsonOptions = { registry: anyTypes };

/** Connect with binary messages over HTTP/1.1, which works everywhere. */
export function connectBinary(baseUrl: string, headers?: Readonly<Record<string, string>>): Transport {
  return createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true, interceptors: [send(headers)] });
}

/** As {@link connectBinary}, with a connection for each call: for servers that are being replaced. */
export function connectAnew(baseUrl: string, headers?: Readonly<Record<string, string>>): Transport {
  const nodeOptions = { agent: new Agent({ keepAlive: false }) };
  return createConnectTransport({ baseUrl, httpVersion: '1.1', nodeOptions, interceptors: [send(headers)] });
}

/** As {@link connectBinary}, with compressed requests. */
function connectCompressed(baseUrl: string, headers?: Readonly<Record<string, string>>): Transport {
  return createConnectTransport({
    baseUrl,
    httpVersion: '1.1',
    useBinaryFormat: true,
    interceptors: [send(headers)],
    sendCompression: compressionGzip,
    acceptCompression: [compressionGzip],
    compressMinBytes: 0,
  });
}

/** What works over HTTP/1.1, and so on Workers as the local runtime serves them. */
export const workerProtocols: readonly Protocol[] = [
  {
    name: 'Connect',
    connect: connectBinary,
  },
  {
    name: 'Connect with JSON',
    connect: (baseUrl, headers) =>
      createConnectTransport({
        baseUrl,
        httpVersion: '1.1',
        useBinaryFormat: false,
        jsonOptions,
        interceptors: [send(headers)],
      }),
  },
  { name: 'Connect with gzip', connect: connectCompressed },
  {
    name: 'gRPC-Web',
    connect: (baseUrl, headers) =>
      createGrpcWebTransport({ baseUrl, httpVersion: '1.1', interceptors: [send(headers)] }),
  },
];

/** What works on Node services. */
export const nodeProtocols: readonly Protocol[] = [
  ...workerProtocols,
  { name: 'gRPC', connect: (baseUrl, headers) => createGrpcTransport({ baseUrl, interceptors: [send(headers)] }) },
  {
    name: 'Connect on HTTP/2',
    connect: (baseUrl, headers) => createConnectTransport({ baseUrl, httpVersion: '2', interceptors: [send(headers)] }),
  },
];

function send(headers: Readonly<Record<string, string>> = {}): Interceptor {
  return (next) => async (request) => {
    Object.entries(headers).forEach(([name, value]) => request.header.set(name, value));
    return await next(request);
  };
}
