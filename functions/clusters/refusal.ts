import { create } from '@bufbuild/protobuf';
import {
  type RefusedEndpoint,
  RefusedEndpointSchema,
  RefusalReason,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { type RefusedService } from '../service-endpoint/service.ts';
import { type LeftOut } from './backend-choice.ts';

/** Says why an endpoint has no cluster. */
export function buildRefusal({ ref, reason, detail }: RefusedService | LeftOut): RefusedEndpoint {
  return create(RefusedEndpointSchema, { endpoint: ref, reason: toReason(reason), detail });
}

function toReason(reason: (RefusedService | LeftOut)['reason']): RefusalReason {
  switch (reason) {
    case 'name':
      return RefusalReason.NAME;
    case 'protocol':
      return RefusalReason.PROTOCOL;
    case 'invalid-target':
      return RefusalReason.INVALID_TARGET;
    case 'forbidden-target':
      return RefusalReason.FORBIDDEN_TARGET;
    case 'combination':
      return RefusalReason.COMBINATION;
    default:
      return reason satisfies never;
  }
}
