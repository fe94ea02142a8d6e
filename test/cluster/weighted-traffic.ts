import { rename, writeFile } from 'node:fs/promises';
import type { EchoServer } from '../envoy/echo-server.ts';
import { seenAt } from './gateway-client.ts';

/** Says of `servers` that they are devices on loopback, each with a tag and a weight of its own. */
export async function writeDevices(
  file: string,
  devices: readonly { readonly server: EchoServer; readonly tag: string; readonly weight: number }[],
): Promise<void> {
  const answer = devices.map(({ server, tag, weight }) => ({
    nodeId: `device-${server.port}`,
    name: `device-${server.port}.test.ts.net`,
    addresses: ['127.0.0.1'],
    authorized: true,
    tags: [tag],
    attributes: { 'custom:lb-port': server.port, 'custom:lb-weight': weight },
  }));
  await writeFile(`${file}.new`, JSON.stringify({ devices: answer }));
  await rename(`${file}.new`, file);
}

/** Who answers how many of a hundred requests. */
export async function answersAt(port: number, path: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) {
    const { name = 'failed' } = await seenAt(port, path);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Whether shares are what they should be, within what a hundred requests can tell; undefined where not. */
export function isNear(
  counts: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
): true | undefined {
  const names = new Set([...Object.keys(counts), ...Object.keys(expected)]);
  return [...names].every((name) => Math.abs((counts[name] ?? 0) - (expected[name] ?? 0)) <= 12) || undefined;
}
