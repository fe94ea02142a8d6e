import { describe, expect, it } from 'vitest';
import type { Definition } from './definition.ts';
import { definitions } from './definitions.ts';
import { helpText } from './help.ts';
import { parseSettings } from './settings.ts';

const file = ['--devices', 'devices.yaml'];

function settingsOf(args: readonly string[], environment: Record<string, string> = {}) {
  const parsed = parseSettings(args, environment);
  if (parsed.kind !== 'settings') throw new Error(JSON.stringify(parsed));
  return parsed.settings;
}

function errorsOf(args: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  const parsed = parseSettings(args, environment);
  return parsed.kind === 'errors' ? parsed.errors : [];
}

describe('sources of a setting', () => {
  it.each([
    { name: 'default', args: [], environment: {}, port: 18000 },
    { name: 'environment', args: [], environment: { TS_ENVOY_PORT: '18001' }, port: 18001 },
    { name: 'flag', args: ['--xds-port', '18002'], environment: {}, port: 18002 },
    { name: 'flag with =', args: ['--xds-port=18002'], environment: {}, port: 18002 },
    { name: 'flag over environment', args: ['--xds-port=1'], environment: { TS_ENVOY_PORT: '2' }, port: 1 },
    { name: 'empty variable is unset', args: [], environment: { TS_ENVOY_PORT: '' }, port: 18000 },
    { name: 'last flag', args: ['--xds-port=1', '--xds-port=2'], environment: {}, port: 2 },
  ])('$name', ({ args, environment, port }) => {
    expect(settingsOf([...file, ...args], environment).xdsPort).toBe(port);
  });

  it('takes a dash as a value', () => {
    expect(settingsOf([...file, '--tailnet', '-']).tailnet).toBe('-');
  });

  it('cannot be changed later', () => {
    expect(Object.isFrozen(settingsOf(file))).toBe(true);
  });
});

describe('values', () => {
  it.each([
    { text: '30s', ms: 30_000 },
    { text: '1m30s', ms: 90_000 },
    { text: '500ms', ms: 500 },
    { text: '1.5h', ms: 5_400_000 },
  ])('duration $text', ({ text, ms }) => {
    expect(settingsOf([...file, '--poll-interval', text]).pollInterval).toBe(ms);
  });

  it.each([
    { text: ':8081', value: { host: '0.0.0.0', port: 8081 } },
    { text: '127.0.0.1:0', value: { host: '127.0.0.1', port: 0 } },
    { text: '[::1]:9', value: { host: '::1', port: 9 } },
    { text: '0', value: undefined },
  ])('address $text', ({ text, value }) => {
    expect(settingsOf([...file, '--metrics-bind-address', text]).metricsAddress).toEqual(value);
  });

  it('discovery tags with commas', () => {
    expect(settingsOf([...file, '--discovery-tags', 'tag:weight-2, tag:eu-weight-1,']).discoveryTags).toEqual([
      'tag:weight-2',
      'tag:eu-weight-1',
    ]);
  });

  it('API address without its slash', () => {
    expect(settingsOf([...file, '--api-url', 'http://127.0.0.1:80/']).apiUrl).toBe('http://127.0.0.1');
  });
});

describe('errors', () => {
  it.each([
    { name: 'no number', args: ['--xds-port', 'x'], error: /^--xds-port: "x" must be a whole number from 0 to 65535$/ },
    { name: 'port too high', args: ['--endpoint-port=65536'], error: /^--endpoint-port: .* from 1 to 65535$/ },
    { name: 'duration without unit', args: ['--poll-interval=30'], error: /^--poll-interval: "30" must be a duration/ },
    { name: 'poll too often', args: ['--poll-interval=1ms'], error: /^--poll-interval: .*from 100ms/ },
    { name: 'no tag', args: ['--discovery-tags=weight-2'], error: /^--discovery-tags: .*whole tags/ },
    { name: 'API address with path', args: ['--api-url=https://x/api/v2'], error: /^--api-url: .*without a path/ },
    { name: 'unknown word', args: ['--lb-policy=fastest'], error: /^--lb-policy: .*one of round-robin/ },
    { name: 'unknown flag', args: ['--bogus=1'], error: /^--bogus: there is no such flag/ },
    { name: 'positional', args: ['serve'], error: /^serve: is no flag/ },
    { name: 'missing value', args: ['--node-id'], error: /^--node-id: needs a value/ },
    { name: 'a flag for a value', args: ['--node-id', '--xds-port', '1'], error: /^--node-id: needs a value/ },
    { name: 'no file', args: ['--devices='], error: /^--devices: "" must be a path/ },
    { name: 'no folder', args: ['--state-dir='], error: /^--state-dir: "" must be a path/ },
    { name: 'no tailnet', args: ['--tailnet='], error: /^--tailnet: "" must be 1 to 256 characters/ },
    { name: 'no cluster name', args: ['--cluster-name='], error: /^--cluster-name: "" must be 1 to 256 characters/ },
    { name: "the listener's name", args: ['--cluster-name=main-listener'], error: /^--cluster-name: must differ from/ },
    {
      name: 'no header',
      args: ['--lb-policy=maglev', '--hash-header=a(b'],
      error: /^--hash-header: "a\(b" must be the name of a header/,
    },
    { name: 'hash of nothing', args: ['--hash-header=x-user'], error: /^--hash-header: has no effect unless/ },
    { name: 'slow maglev', args: ['--lb-policy=maglev', '--slow-start=1m'], error: /^--slow-start: has no effect/ },
    {
      name: 'unknown retry condition',
      args: ['--retries=1', '--retry-on=5xx,always'],
      error: /^--retry-on: holds "always", which is no condition/,
    },
    {
      name: 'timeout over interval',
      args: ['--health-check-timeout=6s'],
      error: /^--health-check-timeout: must not be longer/,
    },
  ])('$name', ({ args, error }) => {
    expect(errorsOf([...file, ...args])).toEqual([expect.stringMatching(error)]);
  });

  it('names the variable where the value came from', () => {
    expect(errorsOf(file, { TS_ENVOY_PORT: 'x' })[0]).toMatch(/^TS_ENVOY_PORT: /);
  });

  it('tells all at once', () => {
    expect(errorsOf([...file, '--xds-port=x', '--bogus=1', '--hold-empty=never'])).toHaveLength(3);
  });

  it('tells at once too what is wrong between settings, but nothing that depends on one that is wrong itself', () => {
    const args = ['--xds-port=x', '--health-check-interval=often', '--health-check-timeout=6s'];
    expect(errorsOf(args, { TS_ENVOY_OAUTH_CLIENT_ID: 'a' })).toEqual([
      expect.stringMatching(/^--xds-port: /),
      expect.stringMatching(/^--health-check-interval: /),
      expect.stringMatching(/^TS_ENVOY_OAUTH_CLIENT_SECRET: /),
    ]);
  });

  it('never shows a secret', () => {
    const errors = errorsOf([], { TS_ENVOY_API_TOKEN: 'tskey api-hunter2' }).join('\n');
    expect(errors).toContain('TS_ENVOY_API_TOKEN');
    expect(errors).not.toContain('hunter2');
    expect(errorsOf(file, { TS_ENVOY_API_URL: 'https://user:hunter2@api' })).toEqual([
      expect.stringMatching(/^TS_ENVOY_API_URL: "https:\/\/…@api" must be an origin/),
    ]);
  });

  it.each([
    { name: 'half an OAuth client', environment: { TS_ENVOY_OAUTH_CLIENT_ID: 'a' }, error: 'OAUTH_CLIENT_SECRET' },
    {
      name: 'key and client',
      environment: { TS_ENVOY_API_TOKEN: 'k', TS_ENVOY_OAUTH_CLIENT_ID: 'a', TS_ENVOY_OAUTH_CLIENT_SECRET: 's' },
      error: 'not both',
    },
    {
      name: "headscale's key for Tailscale's API",
      environment: { TS_ENVOY_API_TOKEN: 'k', TS_ENVOY_API_KIND: 'headscale' },
      error: '--api-url: must be the origin of your headscale',
    },
  ])('$name', ({ environment, error }) => {
    expect(errorsOf([], environment)).toEqual([expect.stringContaining(error)]);
  });
});

describe('help', () => {
  it('names every flag and variable', () => {
    const text = helpText();
    const all: readonly Definition<unknown>[] = Object.values(definitions);
    const names = all.flatMap(({ flag, environment }) =>
      flag === undefined ? [environment] : [`--${flag}`, environment],
    );
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });

  it('wins over errors', () => {
    expect(parseSettings(['--help', '--bogus'], {}).kind).toBe('help');
  });
});
