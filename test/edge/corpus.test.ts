import { createRouterTransport } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { type FunctionServer, serveFunctions } from '../../functions/serving/node.ts';
import { corpus } from './corpus.ts';
import { callAll, responseOutcome } from './outcome.ts';
import { connectBinary, nodeProtocols, workerProtocols } from './protocols.ts';
import { type RunningEdge } from './running-edge.ts';
import { runWorkerEdge } from './worker-edge.ts';

// What the pure functions say in this process, they must say everywhere, byte by byte.

const authorized = { authorization: 'Bearer token' };
const inProcess = createRouterTransport(registerFunctions);

let workers: RunningEdge;
let functions: FunctionServer;

beforeAll(async () => {
  workers = await runWorkerEdge('token');
  functions = await serveFunctions({ routes: registerFunctions, bindAddress: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await workers[Symbol.asyncDispose]();
  await functions.close();
});

describe.each(corpus)('$name', ({ method, compute, requests }) => {
  let expected: readonly string[];

  beforeAll(async () => {
    expected = await callAll(inProcess, method, requests);
  });

  test('the handler gives what the pure function gives, unless it refuses', () => {
    const computed = requests.map((request) => responseOutcome(method, compute(request)));
    const isAnswer = expected.map((outcome) => /^[0-9a-f]{64}$/.test(outcome));
    expect(expected.filter((_, index) => isAnswer[index])).toEqual(computed.filter((_, index) => isAnswer[index]));
    // The corpus is of what is served, with some of what is refused.
    expect(isAnswer.filter(Boolean).length).toBeGreaterThan(requests.length / 4);
    expect(expected.every((outcome, index) => isAnswer[index] === true || outcome.startsWith('InvalidArgument'))).toBe(
      true,
    );
  });

  test('the Workers behind their gateway give the same', async () => {
    expect(await callAll(connectBinary(workers.url, authorized), method, requests)).toEqual(expected);
  });

  const protocols = nodeProtocols.filter(({ name }) => name === 'gRPC' || name === 'Connect on HTTP/2');
  test.each(protocols)('the Node service gives the same over $name', async ({ connect }) => {
    expect(await callAll(connect(functions.url), method, requests)).toEqual(expected);
  });

  // Other encodings of the same messages: a part of the corpus shows their faults as well.
  const few = { requests: requests.filter((_, index) => index % 10 === 0) };
  const others = [
    ...workerProtocols
      .slice(1)
      .map(({ name, connect }) => ({ name, connect, where: 'Workers', url: () => workers.url })),
    ...workerProtocols.map(({ name, connect }) => ({ name, connect, where: 'Node service', url: () => functions.url })),
  ];
  test.each(others)('$where: the same over $name', async ({ connect, url }) => {
    const outcomes = await callAll(connect(url(), authorized), method, few.requests);
    expect(outcomes).toEqual(expected.filter((_, index) => index % 10 === 0));
  });
});

test('the corpus has thousands of requests', () => {
  expect(corpus.flatMap(({ requests }) => requests).length).toBeGreaterThan(3000);
});
