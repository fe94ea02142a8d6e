import { Agent, get } from 'node:http';

/** Who answered how often. */
export interface Shares {
  /** Number of answers by their text. */
  readonly answers: ReadonlyMap<string, number>;
  /** Requests without an answer, or with one that is no 2xx. */
  readonly failed: number;
}

/** Sends `count` requests to `url` over a few kept-open connections and counts the answers. */
export async function measureShares(url: URL, count: number, connections = 4): Promise<Shares> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers = new Map<string, number>();
  let failed = 0;
  let sent = 0;
  const work = async () => {
    while (sent < count) {
      sent++;
      const answer = await request(url, agent);
      if (answer === undefined) failed++;
      else answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  return { answers, failed };
}

/** The lines of the demo's client: an answer, its share and its number; then the failures. */
export function formatShares({ answers, failed }: Shares): string {
  const total = [...answers.values()].reduce((sum, n) => sum + n, 0);
  const lines = [...answers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([answer, n]) => `${answer}: ${((100 * n) / total).toFixed(1)}% (${n})`);
  return [...lines, `Failed: ${failed}`].join('\n');
}

function request(url: URL, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const req = get(url, { agent, timeout: 10_000 }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', () => resolve(undefined));
      res.on('end', () => {
        const good = res.statusCode !== undefined && res.statusCode >= 200 && res.statusCode < 300;
        resolve(good ? Buffer.concat(chunks).toString().trim() : undefined);
      });
    });
    req.on('timeout', () => req.destroy());
    req.on('error', () => resolve(undefined));
  });
}
