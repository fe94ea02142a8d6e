import { expect, test } from 'vitest';
import { parseServingConfig } from './serving-config.ts';

const defaults = { bindAddress: '0.0.0.0', port: 9000 };

test.each([
  { name: 'nothing set', env: {}, config: defaults },
  { name: 'empty variables', env: { PORT: '', BIND_ADDRESS: '', FUNCTIONS_TOKEN: '' }, config: defaults },
  { name: 'any free port', env: { PORT: '0' }, config: { ...defaults, port: 0 } },
  {
    name: 'all set',
    env: { PORT: '9001', BIND_ADDRESS: '::1', FUNCTIONS_TOKEN: 'old,new' },
    config: { bindAddress: '::1', port: 9001, tokens: 'old,new' },
  },
])('$name', ({ env, config }) => {
  expect(parseServingConfig(env)).toEqual({ kind: 'valid', config });
});

test.each([
  { name: 'no number', env: { PORT: 'http' }, errors: ['PORT must be a whole number from 0 to 65535'] },
  { name: 'too large', env: { PORT: '65536' }, errors: ['PORT must be a whole number from 0 to 65535'] },
  {
    name: 'several errors, told together and without the token',
    env: { PORT: '-1', FUNCTIONS_TOKEN: ' , ' },
    errors: [
      'PORT must be a whole number from 0 to 65535',
      'FUNCTIONS_TOKEN must hold a token, or several with commas between them',
    ],
  },
])('$name', ({ env, errors }) => {
  expect(parseServingConfig(env)).toEqual({ kind: 'invalid', errors });
});
