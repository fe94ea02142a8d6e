import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { ComputeEndpointsRequestSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Player } from './stage.ts';

/** The share of each player, 0 to 1 by host, as the function that computes the endpoints predicts it. */
export function predictShares(present: readonly Player[], unhealthy: ReadonlySet<string>): ReadonlyMap<string, number> {
  const request = create(ComputeEndpointsRequestSchema, {
    now: timestampFromMs(0),
    groups: [{ name: 'demo', port: 8080 }],
    devices: present.map(({ host, tag, port }) => ({
      id: host,
      name: host,
      addresses: ['127.0.0.1'],
      authorized: true,
      tags: [tag],
      attributes: { 'custom:lb-port': { value: String(port) } },
    })),
    unhealthy: present.filter(({ host }) => unhealthy.has(host)).map(({ port }) => `127.0.0.1:${port}`),
  });
  const [group] = computeEndpoints(request).groups;
  const endpoints = group?.localities.flatMap((locality) => locality.endpoints) ?? [];
  return new Map(endpoints.map(({ deviceId, share }) => [deviceId, share]));
}
