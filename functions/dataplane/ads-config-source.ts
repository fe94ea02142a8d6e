import { create } from '@bufbuild/protobuf';
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from '../../proto/gen/envoy/config/core/v3/config_source_pb.ts';

/** Names the aggregated stream that a resource came over as the source of those that it refers to. */
export function buildAdsConfigSource(): ConfigSource {
  return create(ConfigSourceSchema, {
    resourceApiVersion: ApiVersion.V3,
    configSourceSpecifier: { case: 'ads', value: {} },
  });
}
