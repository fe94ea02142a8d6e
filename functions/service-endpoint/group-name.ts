import { create } from '@bufbuild/protobuf';
import { type EndpointRef, EndpointRefSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { formatReference } from './reference.ts';

/**
 * Names the group of devices behind an endpoint with a selector, which is the EDS service name of its
 * cluster: `namespace/resource/endpoint`. It is the endpoint's own for ever, whoever holds the service's
 * name, so that a change of the holder moves no subscription.
 */
export function buildGroupName(ref: EndpointRef | undefined): string {
  return formatReference(ref);
}

/** The endpoint that a group is named for; absent: the name is no such group's. */
export function parseGroupName(name: string): EndpointRef | undefined {
  const [, namespace = '', resource = '', endpoint = ''] = /^([^/]+)\/([^/]+)\/([^/]+)$/.exec(name) ?? [];
  return endpoint === '' ? undefined : create(EndpointRefSchema, { namespace, resource, endpoint });
}
