import { expect, test } from 'vitest';
import { createFindUpstream, parseUpstreams } from './upstreams.ts';

const endpoints = 'tailway.endpoints.v1.EndpointService';

test.each([
  { name: 'one origin', text: 'http://functions:9000', expected: [['*', 'http://functions:9000']] },
  {
    name: 'a service of its own, and all others',
    text: `${endpoints}=https://endpoints:9000 , *=http://functions:9000,`,
    expected: [
      [endpoints, 'https://endpoints:9000'],
      ['*', 'http://functions:9000'],
    ],
  },
  { name: 'an IPv6 address', text: 'http://[::1]:9000/', expected: [['*', 'http://[::1]:9000/']] },
])('$name', ({ text, expected }) => {
  expect(parseUpstreams(text)).toEqual({ kind: 'valid', upstreams: new Map(expected as [string, string][]) });
});

test.each([
  { name: 'nothing', text: '', error: 'at least one origin is needed' },
  { name: 'no URL', text: 'functions:9000', error: '"functions:9000" must be an origin' },
  { name: 'a path', text: 'http://functions:9000/x', error: 'without a path' },
  { name: 'another scheme', text: 'ftp://functions', error: 'must be an origin' },
  { name: 'a password', text: 'http://a:b@functions', error: 'must be an origin' },
  { name: 'no service', text: 'endpoints=http://a', error: '"endpoints" must be a proto service' },
  { name: 'a service twice', text: `${endpoints}=http://a,${endpoints}=http://b`, error: 'is given twice' },
])('$name is refused', ({ text, error }) => {
  expect(parseUpstreams(text)).toEqual({ kind: 'invalid', errors: [expect.stringContaining(error)] });
});

test('a service without an entry goes where all others go', () => {
  const find = createFindUpstream(
    new Map([
      [endpoints, 'http://a'],
      ['*', 'http://b'],
    ]),
  );
  expect([find(endpoints), find('x.Y')]).toEqual(['http://a', 'http://b']);
  expect(createFindUpstream(new Map([[endpoints, 'http://a']]))('x.Y')).toBeUndefined();
});
