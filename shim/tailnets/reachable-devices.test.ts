import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { parseAllowedTargets } from '../../functions/service-endpoint/allowed-target.ts';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { createReachableDevices } from './reachable-devices.ts';

const device = (...addresses: string[]) => create(DeviceSchema, { id: '7', name: 'web-7', addresses });

function left(addresses: readonly string[], allowed: readonly string[] = []) {
  const { devices, rejected } = createReachableDevices(parseAllowedTargets(allowed))([device(...addresses)]);
  return { addresses: devices[0]?.addresses, rejected: rejected.map(({ detail }) => detail) };
}

test.each([
  ['127.0.0.1', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['100.100.100.200', 'the metadata service of a cloud'],
  ['::1', 'loopback'],
  ['fe80::1', 'link-local'],
  ['::ffff:169.254.169.254', 'link-local'],
  ['64:ff9b::a9fe:a9fe', 'link-local'],
])('the address %s of a device is left out', (address, what) => {
  expect(left([address, '100.64.0.7'])).toEqual({
    addresses: ['100.64.0.7'],
    rejected: [expect.stringMatching(new RegExp(`^its address ${address} is ${what}.* --allow-targets`))],
  });
  expect(left([address], [address])).toEqual({ addresses: [address], rejected: [] });
});

test('devices of a tailnet are the same objects', () => {
  const devices = [device('100.64.0.7', 'fd7a:115c:a1e0::7'), device('10.0.0.7'), device()];
  const reachableDevices = createReachableDevices(parseAllowedTargets([]));
  for (const reachable of [reachableDevices(devices), reachableDevices(devices)]) {
    expect(reachable.rejected).toEqual([]);
    for (const [index, each] of reachable.devices.entries()) expect(each).toBe(devices[index]);
  }
});

test('an address is told with each list that has it, whoever has it', () => {
  const reachableDevices = createReachableDevices(parseAllowedTargets([]));
  const places = [device('127.0.0.1'), create(DeviceSchema, { id: '8', name: 'web-8', addresses: ['127.0.0.1'] })].map(
    (each) => reachableDevices([each]).rejected.map(({ place }) => place),
  );
  expect(places).toEqual([['device "7" (web-7)'], ['device "8" (web-8)']]);
});
