import { gunzipSync, gzipSync } from 'node:zlib';
import { Code } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { gzip } from './gzip.ts';

const text = new TextEncoder().encode('much of the same '.repeat(10_000));

test('what it compresses others read, and the other way round', async () => {
  const compressed = await gzip.compress(text);
  expect(compressed.length).toBeLessThan(text.length / 10);
  expect(new Uint8Array(gunzipSync(compressed))).toEqual(text);
  expect(await gzip.decompress(new Uint8Array(gzipSync(text)), text.length)).toEqual(text);
  expect(await gzip.decompress(new Uint8Array(0), 10)).toEqual(new Uint8Array(0));
});

test('what becomes too large is RESOURCE_EXHAUSTED', async () => {
  const compressed = new Uint8Array(gzipSync(text));
  await expect(gzip.decompress(compressed, text.length - 1)).rejects.toMatchObject({ code: Code.ResourceExhausted });
});

test.each([
  { name: 'no gzip', bytes: text },
  { name: 'half of it', bytes: new Uint8Array(gzipSync(text)).slice(0, 40) },
])('$name is INVALID_ARGUMENT', async ({ bytes }) => {
  await expect(gzip.decompress(bytes, text.length)).rejects.toMatchObject({ code: Code.InvalidArgument });
});
