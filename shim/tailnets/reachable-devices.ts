import { create } from '@bufbuild/protobuf';
import type { AllowedTargets } from '../../functions/service-endpoint/allowed-target.ts';
import { findForbiddenAddress } from '../../functions/service-endpoint/forbidden-target.ts';
import { parseIpAddress } from '../../functions/service-endpoint/ip-address.ts';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { RejectedDevice } from '../sources/device-source.ts';

/** Devices without the addresses that a gateway must not be led to, and what was left out. */
export interface ReachableDevices {
  readonly devices: readonly Device[];
  readonly rejected: readonly RejectedDevice[];
}

/**
 * Leaves out addresses of devices that a target may not have either: who may create a TailscaleTailnet chooses the API, and
 * so what the addresses of its devices are. A device without any other address stays, and serves nothing.
 */
export function createReachableDevices(allowed: AllowedTargets): (devices: readonly Device[]) => ReachableDevices {
  /** What the addresses of the last list are: most are in the next one too. */
  let known: ReadonlyMap<string, string | undefined> = new Map();

  return (devices) => {
    const seen = new Map<string, string | undefined>();
    const rejected: RejectedDevice[] = [];
    const isReachable = (device: Device, text: string): boolean => {
      const what = known.has(text) ? known.get(text) : findForbidden(text, allowed);
      seen.set(text, what);
      if (what !== undefined) rejected.push(toRejected(device, text, what));
      return what === undefined;
    };
    const reachable = devices.map((device) => {
      const addresses = device.addresses.filter((text) => isReachable(device, text));
      return addresses.length === device.addresses.length ? device : create(DeviceSchema, { ...device, addresses });
    });
    known = seen;
    return { devices: reachable, rejected };
  };
}

function findForbidden(text: string, allowed: AllowedTargets): string | undefined {
  const address = parseIpAddress(text);
  return address && findForbiddenAddress(address, allowed);
}

function toRejected({ id, name }: Device, address: string, what: string): RejectedDevice {
  const detail = `its address ${address} is ${what}, and left out; if it is meant, allow it with --allow-targets (TAILWAY_ALLOW_TARGETS)`;
  return { place: `device ${JSON.stringify(id)} (${name.slice(0, 80)})`, detail };
}
