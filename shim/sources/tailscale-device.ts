import { create } from '@bufbuild/protobuf';
import { z } from 'zod';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { parseAttributes } from './device-attributes.ts';
import { addresses, dictionary, dnsName, flag, identifier, identityOf, tags, time } from './device-fields.ts';
import { zodErrorToRejection, type ParsedEntry } from './device-list.ts';

/** The fields of a device that count, as Tailscale's API writes them; null is as good as absent. */
const tailscaleDevice = z.object(
  {
    nodeId: identifier.nullish(),
    id: identifier.nullish(),
    name: dnsName.nullish(),
    hostname: dnsName.nullish(),
    addresses,
    tags: tags.nullish(),
    authorized: flag.nullish(),
    isExternal: flag.nullish(),
    blocksIncomingConnections: flag.nullish(),
    expires: time,
    keyExpiryDisabled: flag.nullish(),
    connectedToControl: flag.nullish(),
    lastSeen: time,
    attributes: dictionary.nullish(),
    expiries: dictionary.nullish(),
  },
  { error: 'is no object; expected a device such as {"id": "…", "name": "…", "addresses": ["100.64.0.1"]}' },
);

const noIdentity = 'has no `nodeId`, `id`, `name` or address to know it by: write one of them, as in name: "web-1"';

/**
 * Reads one device of Tailscale's answer, or of a file in its shape. `authorized` counts as true when absent: the API
 * always says it, and who writes a device into a file means it to count. So does a file without identifiers: the name
 * or else the first address stands in. Posture attributes may stand in the device itself, as the API's answer to
 * `device/{id}/attributes` has them.
 *
 * https://tailscale.com/api#tag/devices/GET/tailnet/{tailnet}/devices
 */
export function parseTailscaleDevice(entry: unknown): ParsedEntry {
  const parsed = tailscaleDevice.safeParse(entry);
  if (!parsed.success)
    return {
      rejections: [
        zodErrorToRejection(
          parsed.error,
          identityOf(entry, ['nodeId', 'id', 'name', 'hostname'], ['name', 'hostname']),
        ),
      ],
    };

  const json = parsed.data;
  const name = json.name || json.hostname || '';
  const given = json.nodeId ?? json.id;
  const id = given ?? (name || json.addresses[0]);
  if (id === undefined) return { rejections: [{ path: [], detail: noIdentity }] };

  const { attributes, rejections } = parseAttributes({ attributes: json.attributes, expiries: json.expiries });
  const device = create(DeviceSchema, {
    id: id.slice(0, 256).toWellFormed(),
    name,
    addresses: json.addresses,
    tags: json.tags ?? [],
    authorized: json.authorized ?? true,
    external: json.isExternal ?? false,
    blocksIncoming: json.blocksIncomingConnections ?? false,
    keyExpiryDisabled: json.keyExpiryDisabled ?? false,
    attributes,
    ...(json.expires && { expires: json.expires }),
    ...connectionOf(json.connectedToControl, json.lastSeen),
  });
  const told = rejections.map(({ path, detail }) => ({ path, detail, name }));
  return { device, rejections: told, ...(given === undefined ? { standIn: name ? 'name' : 'address' } : {}) };
}

/**
 * Whether a device is connected, and since when it is not. The time when a connected device was seen last moves all
 * the time and says nothing, so it is left out.
 */
export function connectionOf<T>(
  online: boolean | null | undefined,
  lastSeen: T | undefined,
): { online?: boolean; lastSeen?: T } {
  return {
    ...(typeof online === 'boolean' ? { online } : {}),
    ...(lastSeen === undefined || online === true ? {} : { lastSeen }),
  };
}
