import { KubeError } from './kube-error.ts';

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export interface WatchEvent {
  /** ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. */
  readonly type: string;
  readonly object: unknown;
}

/** The events of a watch's body, one a line of JSON; those of one chunk together. Damaged lines are a {@link KubeError}. */
export async function* readWatchEvents(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<readonly WatchEvent[], void, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf('\n');
    if (end === -1) {
      rest.push(chunk);
      continue;
    }
    const lines = Buffer.concat([...rest, chunk.subarray(0, end)]).toString('utf8');
    rest = [chunk.subarray(end + 1)];
    const events = lines.split('\n').filter((line) => line.trim() !== '');
    if (events.length > 0) yield events.map(parseEvent);
  }
}

function parseEvent(line: string): WatchEvent {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === 'object' && event !== null && 'type' in event && 'object' in event) {
      return { type: String(event.type), object: event.object };
    }
  } catch (cause) {
    throw new KubeError('the watch sent a damaged line', { cause });
  }
  throw new KubeError('the watch sent a line that is no event');
}
