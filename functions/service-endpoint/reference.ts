import { type EndpointRef, type ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { compareText } from '../compare-text.ts';
import { compareSeniority } from '../seniority.ts';

/** Writes which endpoint it is, for people and as a key: `namespace/resource/endpoint`. No part holds a slash. */
export function formatReference(ref: EndpointRef | undefined): string {
  return `${ref?.namespace ?? ''}/${ref?.resource ?? ''}/${ref?.endpoint ?? ''}`;
}

/** Orders by namespace, then by resource, then by endpoint. */
export function compareReferences(a: EndpointRef | undefined, b: EndpointRef | undefined): number {
  return (
    compareText(a?.namespace ?? '', b?.namespace ?? '') ||
    compareText(a?.resource ?? '', b?.resource ?? '') ||
    compareText(a?.endpoint ?? '', b?.endpoint ?? '')
  );
}

/** Orders those that want the same: the older resource comes first, then the one whose name does. */
export function compareEndpointSeniority(a: ServiceEndpoint, b: ServiceEndpoint): number {
  return compareSeniority(toSenior(a), toSenior(b)) || compareReferences(a.ref, b.ref);
}

function toSenior({ ref, created }: ServiceEndpoint) {
  return { created, namespace: ref?.namespace ?? '', name: ref?.resource ?? '' };
}
