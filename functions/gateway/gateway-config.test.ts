import { expect, test } from 'vitest';
import { parseGatewayConfig } from './gateway-config.ts';

test('the least that must be set', () => {
  expect(parseGatewayConfig({ FUNCTIONS_TOKEN: 'secret', FUNCTIONS_UPSTREAMS: 'http://functions:9000' })).toEqual({
    kind: 'valid',
    config: {
      bindAddress: '0.0.0.0',
      port: 9001,
      tokens: 'secret',
      upstreams: new Map([['*', 'http://functions:9000']]),
    },
  });
});

test('all errors are told together, with their variables and without a token', () => {
  expect(parseGatewayConfig({ PORT: 'x', TLS_KEY_FILE: 'k', FUNCTIONS_UPSTREAMS: 'x' })).toEqual({
    kind: 'invalid',
    errors: [
      'PORT must be a whole number from 0 to 65535',
      'TLS_CERT_FILE must be set too: a certificate and its key go together',
      'FUNCTIONS_TOKEN must be set: the gateway lets nobody in without a token',
      'FUNCTIONS_UPSTREAMS: "x" must be an origin such as http://functions:9000, without a path',
    ],
  });
});

test('of several tokens of the functions the first is sent, and one that no header can hold is refused', () => {
  const env = { FUNCTIONS_TOKEN: 'secret', FUNCTIONS_UPSTREAMS: 'http://functions:9000' };
  expect(parseGatewayConfig({ ...env, FUNCTIONS_UPSTREAM_TOKEN: 'old, new' })).toMatchObject({
    kind: 'valid',
    config: { upstreamToken: 'old' },
  });
  expect(parseGatewayConfig({ ...env, FUNCTIONS_UPSTREAM_TOKEN: 'a\nb' })).toEqual({
    kind: 'invalid',
    errors: [
      'FUNCTIONS_UPSTREAM_TOKEN must be printable characters without spaces; the value itself is not shown here',
    ],
  });
});
