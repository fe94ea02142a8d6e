import { describe, expect, it } from 'vitest';
import type { Explanation } from '../extension/explanation.ts';
import { json } from '../probes/http-endpoints.ts';
import { explain } from './explain.ts';
import { runWithPage } from './fake-shim.ts';

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

const run = (args: readonly string[], answer: unknown = explanation) =>
  runWithPage(explain, args, { '/explain': () => json(answer) });

describe('tailway explain', () => {
  it('tells what was injected, what not, and why', async () => {
    const { code, out } = await run([]);
    expect(code).toBe(0);
    expect(out).toBe(
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
    expect((await run(['--gateway=default/other'])).out).not.toContain('listener http');
    expect((await run(['--endpoint=other/b'])).out).not.toContain('tailscale-egress-web');
  });

  it('gives JSON to scripts', async () => {
    expect(JSON.parse((await run(['--json'])).out)).toEqual(explanation);
  });

  it('says when no gateway is served', async () => {
    expect((await run([], {})).out).toContain('serves no gateway');
  });

  it.each([
    { name: 'unknown flag', args: ['--bogus'], code: 2, text: 'Try: tailway explain --help' },
    { name: 'no URL', args: ['--url=nowhere'], code: 2, text: '--url' },
    { name: 'a URL with a secret', args: ['--url=http://a:secret@127.0.0.1:1'], code: 2, text: 'without a user' },
    {
      name: 'a flag that is misspelt',
      args: ['--jsn'],
      code: 2,
      text: '--jsn: there is no such flag. Did you mean --json?',
    },
    {
      name: 'a flag that is none',
      args: ['--nothing-like-it=x'],
      code: 2,
      text: '--nothing-like-it: there is no such flag.',
    },
    { name: 'nobody there', args: ['--url=http://127.0.0.1:1'], code: 1, text: 'http://127.0.0.1:1' },
  ])('explains itself: $name', async ({ args, code, text }) => {
    const result = await run(args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(text);
    expect(result.out).toBe('');
  });
});
