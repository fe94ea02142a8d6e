import { waitFor } from '../../deploy/demo/wait-for.ts';

/** What a request came to: a status, and who answered with which path in sight. */
export interface Seen {
  readonly status: number;
  readonly name?: string;
  readonly path?: string;
  readonly host?: string;
}

/** Sends a request through a gateway. */
export async function seenAt(port: number, path: string): Promise<Seen> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5000) });
  const text = await answer.text();
  try {
    // Of the upstreams of these tests.
    return { status: answer.status, ...(JSON.parse(text) as object) };
  } catch {
    return { status: answer.status };
  }
}

/** Waits until a request through a gateway is seen as expected; tells how long that took, in milliseconds. */
export async function untilSeen(
  port: number,
  path: string,
  expected: Partial<Seen>,
  timeoutMs = 60_000,
): Promise<number> {
  const startedMs = performance.now();
  let last: unknown;
  await waitFor(
    `${path} to be seen as ${JSON.stringify(expected)}`,
    async () => {
      const seen = await seenAt(port, path).catch((err: unknown) => ({ status: 0, err }));
      last = seen;
      return Object.entries(expected).every(([key, value]) => seen[key as keyof typeof seen] === value) || undefined;
    },
    timeoutMs,
  ).catch((cause: unknown) => {
    throw new Error(`${path} was seen as ${JSON.stringify(last)}, not ${JSON.stringify(expected)}`, { cause });
  });
  return performance.now() - startedMs;
}
