import { create } from '@bufbuild/protobuf';
import { z } from 'zod';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { addresses, dnsName, flag, identifier, identityOf, tags, time } from './device-fields.ts';
import { zodErrorToRejection, type ParsedEntry } from './device-list.ts';
import { connectionOf } from './tailscale-device.ts';

/** The fields of a node that count, as headscale's API writes them; null is as good as absent. */
const headscaleNode = z.object(
  {
    id: identifier,
    name: dnsName.nullish(),
    givenName: dnsName.nullish(),
    ipAddresses: addresses,
    /** Up to 0.27: given by the owner, and asked for by the node and granted. */
    forcedTags: tags.nullish(),
    validTags: tags.nullish(),
    /** From 0.28. */
    tags: tags.nullish(),
    online: flag.nullish(),
    lastSeen: time,
    expiry: time,
  },
  { error: 'is no object; expected a node such as {"id": "1", "name": "…", "ipAddresses": ["100.64.0.1"]}' },
);

/**
 * Reads one node of headscale's answer. The name on the tailnet is the given one; `name` is what the machine calls
 * itself. Every listed node is authorized: one that waits for its approval is not listed.
 *
 * https://github.com/juanfont/headscale/blob/main/proto/headscale/v1/node.proto
 */
export function parseHeadscaleNode(entry: unknown): ParsedEntry {
  const parsed = headscaleNode.safeParse(entry);
  if (!parsed.success) {
    return { rejections: [zodErrorToRejection(parsed.error, identityOf(entry, ['id'], ['givenName', 'name']))] };
  }
  const node = parsed.data;
  const allTags = [...(node.forcedTags ?? []), ...(node.validTags ?? []), ...(node.tags ?? [])];
  const device = create(DeviceSchema, {
    id: node.id,
    name: node.givenName || node.name || '',
    addresses: node.ipAddresses,
    tags: [...new Set(allTags)].toSorted().slice(0, 1024),
    authorized: true,
    ...(node.expiry && { expires: node.expiry }),
    ...connectionOf(node.online, node.lastSeen),
  });
  return { device, rejections: [] };
}
