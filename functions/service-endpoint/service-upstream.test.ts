import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { parseAllowedTargets } from './allowed-target.ts';
import { parseServiceUpstream } from './service-upstream.ts';

function parse(externalTarget: string, allowed: readonly string[] = []) {
  const endpoint = create(ServiceEndpointSchema, {
    port: 80,
    upstream: { case: 'externalTarget', value: externalTarget },
  });
  return parseServiceUpstream(endpoint, parseAllowedTargets(allowed));
}

describe('targets', () => {
  test.each([
    { target: 'example.com:8080', host: 'example.com', port: 8080 },
    { target: 'example.com', host: 'example.com', port: 80 },
    { target: 'Example.COM.:443', host: 'example.com', port: 443 },
    { target: 'my_service:80', host: 'my_service', port: 80 },
    { target: 'xn--bcher-kva.example:80', host: 'xn--bcher-kva.example', port: 80 },
    { target: '1.2.3.4.example:80', host: '1.2.3.4.example', port: 80 },
    { target: '3com.example', host: '3com.example', port: 80 },
    { target: 'web.shop.svc.cluster.local:80', host: 'web.shop.svc.cluster.local', port: 80 },
    { target: 'metadata.my-namespace.svc', host: 'metadata.my-namespace.svc', port: 80 },
    { target: 'web.metadata:80', host: 'web.metadata', port: 80 },
    { target: 'notlocalhost:80', host: 'notlocalhost', port: 80 },
    { target: '192.0.2.1:65535', host: '192.0.2.1', port: 65_535 },
    { target: '10.0.0.1', host: '10.0.0.1', port: 80 },
    { target: '[2001:DB8:0:0::1]:443', host: '[2001:db8::1]', port: 443 },
    { target: '[fd7a:115c:a1e0::1]', host: '[fd7a:115c:a1e0::1]', port: 80 },
    { target: `${'a'.repeat(63)}.example`, host: `${'a'.repeat(63)}.example`, port: 80 },
  ])('$target is $host at $port', ({ target, host, port }) => {
    expect(parse(target)).toMatchObject({ kind: 'usable', upstream: { host, port } });
  });

  test.each([
    { target: '', detail: 'externalTarget: the target is empty.' },
    { target: ':80', detail: 'externalTarget: the host is missing.' },
    { target: 'example.com:', detail: '"" is no port from 1 to 65535' },
    { target: 'example.com:0', detail: '"0" is no port' },
    { target: 'example.com:65536', detail: '"65536" is no port' },
    { target: 'example.com:080x', detail: '"080x" is no port' },
    { target: 'http://example.com', detail: 'a target has no scheme' },
    { target: 'example.com/x', detail: 'a target has no path' },
    { target: 'example.com?x', detail: 'a target has no path' },
    { target: 'user@example.com', detail: 'a target has no user' },
    { target: 'example.com :80', detail: 'no spaces or control characters' },
    { target: 'example.com\n', detail: 'no spaces or control characters' },
    { target: '2001:db8::1', detail: 'an IPv6 address needs brackets' },
    { target: '[2001:db8::1', detail: 'brackets stand around an IPv6 address' },
    { target: '[192.0.2.1]:80', detail: 'only IPv6 stands in brackets' },
    { target: '[fe80::1%eth0]:80', detail: 'an address with a zone' },
    { target: '[2001:db8::g]:80', detail: 'the IPv6 address is none' },
    { target: 'bücher.example', detail: 'write an international name in its punycode form' },
    { target: '-a.example', detail: '"-a" is no label' },
    { target: 'a..example', detail: '"" is no label' },
    { target: `${'a'.repeat(64)}.example`, detail: 'is no label' },
    { target: `${'a.'.repeat(127)}example`, detail: 'longer than 253' },
    { target: '192.0.2.256', detail: 'a name that ends in a number is no DNS name' },
    { target: '3221225985:80', detail: '"192.0.2.1": write an IPv4 address as four decimal numbers' },
    { target: '*.example.com', detail: '"*" is no label' },
  ])('$target is none: $detail', ({ target, detail }) => {
    const decision = parse(target);
    expect(decision).toMatchObject({ kind: 'refused', reason: 'invalid-target' });
    expect(decision).toHaveProperty('detail', expect.stringContaining(detail));
  });

  test.each([
    '127.0.0.1',
    '127.8.9.10:80',
    '2130706433',
    '017700000001',
    '0x7f.1',
    '0x7F000001:80',
    '127.1',
    '0',
    '0.0.0.0',
    '169.254.169.254',
    '0xa9fea9fe',
    '224.0.0.1',
    '255.255.255.255',
    '100.100.100.200',
    '168.63.129.16',
    '[::1]:80',
    '[::]:80',
    '[0:0:0:0:0:0:0:1]',
    '[::127.0.0.1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
    '[64:ff9b::a9fe:a9fe]:80',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[ff02::1]',
    '[fd00:ec2::254]',
    'localhost',
    'LOCALHOST.:80',
    'a.localhost',
    'metadata',
    'metadata.google.internal.',
    'METADATA.google.internal:80',
    'x.metadata.goog',
    'instance-data',
  ])('%s is forbidden', (target) => {
    expect(parse(target)).toMatchObject({ kind: 'refused', reason: 'forbidden-target' });
  });

  test.each([
    { target: '127.0.0.1:80', allowed: '127.0.0.0/8', usable: true },
    { target: '127.0.0.1:80', allowed: '127.0.0.1', usable: true },
    { target: '127.0.0.2:80', allowed: '127.0.0.1', usable: false },
    { target: '[::ffff:127.0.0.1]:80', allowed: '127.0.0.0/8', usable: true },
    { target: '[::1]:80', allowed: '127.0.0.0/8', usable: false },
    { target: '[::1]:80', allowed: '::1/128', usable: true },
    { target: 'localhost:80', allowed: '127.0.0.0/8', usable: false },
    { target: 'localhost:80', allowed: 'LocalHost', usable: true },
    { target: 'a.localhost:80', allowed: 'localhost', usable: true },
    { target: 'localhost:80', allowed: '.localhost', usable: false },
    { target: 'a.localhost:80', allowed: '.localhost', usable: true },
    { target: 'metadata.google.internal', allowed: '.internal', usable: true },
    { target: 'localhost', allowed: '.', usable: false },
    { target: 'localhost', allowed: '', usable: false },
    { target: '127.0.0.1', allowed: '127.0.0.1/33', usable: false },
  ])('$target with $allowed allowed: $usable', ({ target, allowed, usable }) => {
    expect(parse(target, [allowed]).kind === 'usable').toBe(usable);
  });
});
