import { describe, expect, it } from 'vitest';
import type { Explanation } from '../extension/explanation.ts';
import { type HttpEndpoints, json, listenHttpEndpoints } from '../probes/http-endpoints.ts';
import { explain } from './explain.ts';

const explanation: Explanation = {
  synced: true,
  revision: 'abc',
  virtualHosts: [
    {
      name: 'default/eg/http/*',
      domains: ['*'],
      gateway: 'default/eg',
      listener: 'http',
      revision: 'abc',
      injected: [
        {
          route: 'tailscale-egress-web',
          endpoint: 'default/a/web',
          policy: '',
          before: 0,
          shadowedBy: '',
          detail: 'before the catch-all',
        },
      ],
      notInjected: [{ endpoint: 'other/b/web', reason: 'CONFLICT', detail: 'default/a/web is older' }],
    },
    {
      name: 'x',
      domains: ['x'],
      gateway: 'default/other',
      listener: '',
      revision: 'abc',
      injected: [],
      notInjected: [],
    },
  ],
  clusters: [
    {
      name: 'external-backend-web',
      hook: 'PostTranslateModify',
      injected: true,
      detail: 'by DNS',
      endpoints: ['default/a/web'],
      refused: [],
    },
  ],
  routes: [],
};

async function run(args: readonly string[], answer: unknown = explanation) {
  await using server = await serve(answer);
  const texts: string[] = [];
  const code = await explain([`--url=http://127.0.0.1:${server.port}`, ...args], (text) => void texts.push(text));
  return { code, text: texts.join('') };
}

async function serve(answer: unknown): Promise<HttpEndpoints & AsyncDisposable> {
  const server = await listenHttpEndpoints({ host: '127.0.0.1', port: 0 }, { '/explain': () => json(answer) });
  return { ...server, [Symbol.asyncDispose]: server.close };
}

describe('tailway explain', () => {
  it('tells what was injected, what not, and why', async () => {
    const { code, text } = await run([]);
    expect(code).toBe(0);
    expect(text).toBe(
      `Resources are read; revision abc.

Virtual host default/eg/http/* (*), Gateway default/eg, listener http
  + tailscale-egress-web  default/a/web  before the catch-all
  - other/b/web  CONFLICT: default/a/web is older

Virtual host x (x), Gateway default/other
  nothing

Clusters
  + external-backend-web  default/a/web  by DNS
`,
    );
  });

  it('shows one Gateway, or one endpoint', async () => {
    expect((await run(['--gateway=default/other'])).text).not.toContain('listener http');
    expect((await run(['--endpoint=other/b'])).text).not.toContain('tailscale-egress-web');
  });

  it('gives JSON to scripts', async () => {
    expect(JSON.parse((await run(['--json'])).text)).toEqual(explanation);
  });

  it('says when no gateway is served', async () => {
    expect((await run([], {})).text).toContain('serves no gateway');
  });

  it.each([
    { name: 'unknown flag', args: ['--bogus'], code: 2, text: 'Usage' },
    { name: 'no URL', args: ['--url=nowhere'], code: 2, text: '--url' },
    { name: 'nobody there', args: ['--url=http://127.0.0.1:1'], code: 1, text: 'http://127.0.0.1:1' },
  ])('explains itself: $name', async ({ args, code, text }) => {
    const texts: string[] = [];
    expect(await explain(args, (line) => void texts.push(line))).toBe(code);
    expect(texts.join('')).toContain(text);
  });
});
