import { CommandFailure, WrongCall } from './command-error.ts';

const timeoutMs = 10_000;

/**
 * Asks a running shim for one of its pages, whose shape the page's own module documents. Throws a WrongCall for an address
 * that is none, a CommandFailure when there is no answer.
 */
export async function askShim(
  url: string,
  path: '/status' | '/explain' | '/simulate',
  query: readonly (readonly [name: string, value: string])[] = [],
): Promise<unknown> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new WrongCall(`--url: ${JSON.stringify(url)} must be a URL such as http://127.0.0.1:8080`);
  }
  const page = new URL(path, url);
  if (page.username !== '' || page.password !== '') {
    throw new WrongCall('--url: must be without a user and a password, which the shim does not ask for');
  }
  for (const [name, value] of query) page.searchParams.append(name, value);
  const answer = await ask(page, url);
  if (answer.ok) return answer.value;
  if (answer.status === 400) throw new WrongCall(answer.text);
  const reason =
    answer.status === 404 ? `it has no ${path}: no shim, or one that is older than this command` : answer.text;
  throw new CommandFailure(`failed to ask the shim at ${url}: it answers ${answer.status}: ${reason}`);
}

type PageAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number; readonly text: string };

async function ask(page: URL, url: string): Promise<PageAnswer> {
  try {
    const answer = await fetch(page, { signal: AbortSignal.timeout(timeoutMs) });
    const { status } = answer;
    if (!answer.ok) return { ok: false, status, text: String(printable((await answer.text()).trim().slice(0, 1000))) };
    return { ok: true, value: JSON.parse(await answer.text(), (_, value: unknown) => printable(value)) };
  } catch (err) {
    throw new CommandFailure(
      `failed to ask the shim at ${url}: ${reasonOf(err)}; --url names the address of its metrics server (--metrics-bind-address)`,
      { cause: err },
    );
  }
}

/** Peers choose some of the words in an answer: no control sequence of theirs reaches a terminal. */
function printable(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/\p{Cc}+/gu, ' ') : value;
}

function reasonOf(err: unknown): string {
  if (err instanceof SyntaxError) return 'its answer is no JSON';
  if (!(err instanceof Error)) return String(err);
  if (err.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  return err.cause instanceof Error ? err.cause.message : err.message;
}
