import { describe, expect, it } from 'vitest';
import { parseSettings } from './settings.ts';

const token = { FUNCTIONS_TOKEN: 'tk-current,tk-next' };

function errorsOf(args: readonly string[], environment: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseSettings(args, environment);
  return parsed.kind === 'errors' ? parsed.errors : [];
}

describe('the settings of the functions', () => {
  it('send the first of two tokens, and know their origins in order', () => {
    const parsed = parseSettings(['--functions-url', 'https://edge.example.com/, http://127.0.0.1:9000'], token);
    if (parsed.kind !== 'settings') throw new Error('they are no settings');
    expect(parsed.settings.functionsToken).toBe('tk-current');
    expect(parsed.settings.functionsUrls).toEqual(['https://edge.example.com', 'http://127.0.0.1:9000']);
    expect(parsed.settings).toMatchObject({
      functionsFallback: 'in-process',
      functionsProtocol: 'connect',
      functionsTimeout: 2000,
      functionsCompression: 'off',
    });
  });

  it.each([
    {
      name: 'plain http to this machine',
      args: ['--functions-url=http://127.0.0.1:9000,http://[::1]:9000'],
      env: token,
    },
    { name: 'plain http without a secret', args: ['--functions-url=http://functions.example.com'], env: {} },
    {
      name: 'plain http where that is wanted',
      args: ['--functions-url=http://functions.example.com', '--functions-plaintext-secrets=true'],
      env: token,
    },
    { name: 'a token alone, which `npm run functions` takes too', args: [], env: token },
  ])('may be $name', ({ args, env }) => {
    expect(errorsOf(args, env)).toEqual([]);
  });

  it.each([
    {
      name: 'a token over plain http to somebody else',
      args: ['--functions-url=https://edge.example.com,http://functions.example.com'],
      env: token,
      error: '--functions-url: http://functions.example.com',
    },
    {
      name: 'a host that only looks like this machine',
      args: ['--functions-url=http://127.0.0.1.example.com'],
      env: token,
      error: 'plain text',
    },
    {
      name: 'no origin',
      args: ['--functions-url=https://edge.example.com/functions'],
      env: {},
      error: '--functions-url',
    },
    {
      name: 'a secret in an origin',
      args: ['--functions-url=https://u:hunter2@edge'],
      env: {},
      error: '--functions-url',
    },
    { name: 'no token', args: [], env: { FUNCTIONS_TOKEN: ' , ' }, error: 'FUNCTIONS_TOKEN' },
    {
      name: 'half a service token',
      args: [],
      env: { FUNCTIONS_ACCESS_CLIENT_ID: 'id.access' },
      error: 'FUNCTIONS_ACCESS_CLIENT_SECRET: must be set too',
    },
    {
      name: 'a certificate without its key',
      args: ['--functions-cert-file=a'],
      env: {},
      error: '--functions-key-file',
    },
    {
      name: 'certificates without TLS',
      args: ['--functions-url=http://127.0.0.1:9000', '--functions-ca-file=a'],
      env: {},
      error: 'must begin with https://',
    },
    { name: 'another protocol', args: ['--functions-protocol=soap'], env: {}, error: 'connect, grpc, grpc-web' },
    { name: 'no time', args: ['--functions-timeout=0'], env: {}, error: '--functions-timeout' },
  ])('may not be $name, and no error quotes a secret', ({ args, env, error }) => {
    const errors = errorsOf(args, env).join('\n');
    expect(errors).toContain(error);
    expect(errors).not.toMatch(/tk-current|hunter2/);
  });
});
