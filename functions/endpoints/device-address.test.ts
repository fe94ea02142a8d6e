import { expect, test } from 'vitest';
import { normalizeHost } from './device-address.ts';

test.each([
  { name: 'IPv4', host: '100.64.0.1:8080', expected: '100.64.0.1:8080' },
  { name: 'IPv6', host: '[FD7A:115C:0:0::1]:443', expected: '[fd7a:115c::1]:443' },
  { name: 'IPv6 around IPv4', host: '[::ffff:100.64.0.1]:1', expected: '[::ffff:6440:1]:1' },
  { name: 'loopback, for a demo on one machine', host: '127.0.0.1:1', expected: '127.0.0.1:1' },
  { name: 'IPv6 without brackets', host: 'fd7a::1:443', expected: undefined },
  { name: 'IPv4 in brackets', host: '[100.64.0.1]:80', expected: undefined },
  { name: 'a zone', host: '[fe80::1%eth0]:80', expected: undefined },
  { name: 'no port', host: '100.64.0.1', expected: undefined },
  { name: 'port zero', host: '100.64.0.1:0', expected: undefined },
  { name: 'three parts', host: '100.64.1:80', expected: undefined },
  { name: 'octal', host: '0144.64.0.1:80', expected: undefined },
  { name: 'a part too large', host: '100.64.0.256:80', expected: undefined },
  { name: 'no single host', host: '239.0.0.1:80', expected: undefined },
  { name: 'a name', host: 'web-1:80', expected: undefined },
  { name: 'nothing', host: '', expected: undefined },
])('$name', ({ host, expected }) => {
  expect(normalizeHost(host)).toBe(expected);
});
