import type { ServerResponse } from 'node:http';

/** How an API goes wrong. */
export type FaultKind =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'rate-limited'
  | 'server-error'
  | 'unavailable'
  | 'redirect'
  /** Never answers. */
  | 'hang'
  /** Begins a body and never ends it. */
  | 'stall'
  /** Ends the connection instead of answering. */
  | 'reset'
  /** Ends the connection in the middle of the body. */
  | 'reset-body'
  | 'garbage'
  | 'html'
  | 'empty'
  | 'truncated'
  | 'empty-object'
  | 'null'
  | 'list'
  /** A body that is larger than anybody should read. */
  | 'huge'
  /** The list of the answer is empty. */
  | 'nobody'
  /** The list of the answer has lost its second half; of an odd number the greater part stays. */
  | 'half'
  /** Only the first of the list is left. */
  | 'one-left'
  /** The first of the list has a number for each of its fields, and its identifiers. */
  | 'wrong-types'
  /** All of the list have. */
  | 'all-wrong-types'
  | OddEntry;

/** What JSON can carry in the first entry of a list, and hardly anything else. */
export type OddEntry = (typeof oddEntries)[number];

/**
 * An end after the year 9999, half a character (a lone surrogate) in an identifier, in a name or in a tag, and more bad
 * attributes than a call can have arguments.
 */
export const oddEntries = ['far-end', 'half-id', 'half-name', 'half-tag', 'bad-attributes'] as const;

/** A fault and what it says. */
export interface Fault {
  readonly kind: FaultKind;
  /** The header of that name, whatever the status. */
  readonly retryAfter?: string;
}

const statuses: Partial<Record<FaultKind, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'rate-limited': 429,
  'server-error': 500,
  unavailable: 503,
  redirect: 302,
};

const hugeBytes = 80 * 1024 * 1024;

/** Answers with a fault; `answer` is what would have been right. */
export function applyFault({ kind, retryAfter }: Fault, answer: object, res: ServerResponse): void {
  if (retryAfter !== undefined) res.setHeader('retry-after', retryAfter);
  res.setHeader('content-type', 'application/json');
  const status = statuses[kind];
  if (status !== undefined) {
    if (kind === 'redirect') res.setHeader('location', 'https://elsewhere.example/login');
    // An API that quotes what it was asked with would make careless clients log it.
    res.writeHead(status).end(JSON.stringify({ message: `refused: ${res.req.headers.authorization ?? ''}` }));
    return;
  }
  const text = JSON.stringify(answer);
  switch (kind) {
    case 'hang':
      return;
    case 'stall':
      res.writeHead(200).write(text.slice(0, text.length / 2));
      return;
    case 'reset':
      res.req.socket.resetAndDestroy();
      return;
    case 'reset-body':
      res.writeHead(200, { 'content-length': text.length + 100 }).write(text, () => res.req.socket.resetAndDestroy());
      return;
    case 'huge':
      writeHuge(res);
      return;
    default:
      if (kind === 'html') res.setHeader('content-type', 'text/html');
      res.writeHead(200).end(wrongBody(kind, answer));
  }
}

/** A body that is no good answer, made of one that is. */
export function wrongBody(kind: FaultKind, answer: object): string {
  const text = JSON.stringify(answer);
  switch (kind) {
    case 'garbage':
      return `\u0000\u0001${text.slice(3)}`;
    case 'html':
      return '<!doctype html><title>Sign in</title>';
    case 'empty':
      return '';
    case 'truncated':
      return text.slice(0, Math.max(1, text.length - 5));
    case 'empty-object':
      return '{}';
    case 'null':
      return 'null';
    case 'list':
      return '[]';
    default:
      return JSON.stringify(
        Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, wrong(kind, value)])),
      );
  }
}

/** Changes the list of an answer, whatever it is called. */
function wrong(kind: FaultKind, value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const entries: unknown[] = value;
  if (kind === 'nobody') return [];
  if (kind === 'half') return entries.slice(0, Math.ceil(entries.length / 2));
  if (kind === 'one-left') return entries.slice(0, 1);
  if (isOdd(kind))
    return entries.map((entry, index) => (index === 0 ? oddEntry(kind, Object(entry) as object) : entry));
  return entries.map((entry, index) => (index === 0 || kind === 'all-wrong-types' ? wrongTypes(entry) : entry));
}

function isOdd(kind: FaultKind): kind is OddEntry {
  return oddEntries.some((each) => each === kind);
}

/** Of the fields of both APIs those that the entry has. */
function oddEntry(kind: OddEntry, entry: object): object {
  const fields = oddFields(kind);
  const own = Object.entries(fields).filter(([key]) => key === 'attributes' || key in entry);
  return { ...entry, ...Object.fromEntries(own) };
}

function oddFields(kind: OddEntry): object {
  switch (kind) {
    case 'far-end':
      return { expires: '9999-12-31T23:59:59-12:00', expiry: '9999-12-31T23:59:59-12:00' };
    case 'half-id':
      return { nodeId: 'd\udfff', id: 'd\udfff' };
    case 'half-name':
      return { name: 'web\udfff', givenName: 'web\udfff', hostname: 'web\udfff' };
    case 'half-tag':
      return { tags: ['tag:weight-1', 'tag:\ud800'] };
    case 'bad-attributes':
      return { attributes: Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`custom:x${i}`, [1]])) };
    default:
      return kind satisfies never;
  }
}

function wrongTypes(entry: unknown): unknown {
  const fields = Object.entries(Object(entry) as object);
  return Object.fromEntries(fields.map(([key, value]) => [key, /^(id|nodeId)$/.test(key) ? value : 5]));
}

function writeHuge(res: ServerResponse): void {
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  let left = hugeBytes;
  const more = () => {
    while (left > 0 && !res.destroyed) {
      left -= chunk.length;
      if (!res.write(chunk)) {
        res.once('drain', more);
        return;
      }
    }
    res.end('{}');
  };
  res.writeHead(200);
  more();
}
