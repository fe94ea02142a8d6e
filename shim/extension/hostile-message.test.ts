import { afterEach, describe, expect, test } from 'vitest';

import { frame } from './raw-call.ts';
import { startServer, stopServers } from './running-server.ts';
import { encodeField } from './wire-field.ts';

afterEach(stopServers);

const request = frame(encodeField(1, encodeField(1, Buffer.from('default/eg/http/www_example_com'))));

describe('bytes', () => {
  const header = (length: number, compressed = 0) => {
    const bytes = Buffer.alloc(5);
    bytes[0] = compressed;
    bytes.writeUInt32BE(length, 1);
    return bytes;
  };

  test.each([
    { title: 'no message', bytes: Buffer.alloc(0), status: 3 },
    { title: 'half a header', bytes: Buffer.alloc(3), status: 3 },
    { title: 'a truncated message', bytes: request.subarray(0, 20), status: 3 },
    { title: 'garbage', bytes: frame(Buffer.alloc(50, 0xff)), status: 3 },
    { title: 'garbage in the object', bytes: frame(encodeField(1, Buffer.alloc(50, 0xff))), status: 0 },
    { title: 'two messages', bytes: Buffer.concat([request, request]), status: 3 },
    { title: 'a compressed message', bytes: header(1, 1), status: 12 },
    { title: 'a huge claim', bytes: header(0xffff_ffff), status: 8 },
    { title: 'one byte beyond the limit', bytes: header(1000 * 2 ** 20 + 1), status: 8 },
  ])('$title', async ({ bytes, status }) => {
    const { client } = await startServer();
    expect(await client.call('PostVirtualHostModify', bytes)).toMatchObject({ status });
    expect(await client.call('PostVirtualHostModify', request)).toMatchObject({ status: 0 });
  });

  test('a message that is too large is told with its size and the limit, and counted', async () => {
    const { client, calls } = await startServer({ maxMessageBytes: 2 ** 20 });
    const { message } = await client.call('PostTranslateModify', frame(Buffer.alloc(2 ** 20 + 1)));
    expect(message).toBe('message of 1048577 bytes is larger than the limit of 1048576 (1 MiB)');
    expect(calls).toMatchObject([{ hook: 'PostTranslateModify', result: 'rejected', requestBytes: 2 ** 20 + 1 }]);
  });

  test.each([
    { title: 'unknown method', path: '/envoygateway.extension.EnvoyGatewayExtension/PostNothing', status: 12 },
    { title: 'unknown service', path: '/other.Service/Method', status: 12 },
    { title: 'no path', path: '/', status: 12 },
  ])('$title', async ({ path, status }) => {
    const { client } = await startServer();
    expect(await client.call(path, request)).toMatchObject({ status });
  });

  test.each([
    { title: 'JSON', headers: { 'content-type': 'application/json' } },
    { title: 'gRPC-Web', headers: { 'content-type': 'application/grpc-web+proto' } },
    { title: 'PUT', headers: { ':method': 'PUT' } },
  ])('$title is not served', async ({ headers }) => {
    const { client } = await startServer();
    const { status, httpStatus } = await client.call('PostVirtualHostModify', request, headers);
    expect(status === 12 || httpStatus === 415).toBe(true);
  });
});
