import { type WeightSource } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { type IpAddress } from './device-address.ts';
import { type LocalityTag } from './locality-tag.ts';

/** A device that serves a group, and where. */
export interface Member {
  readonly device: Device;
  readonly localityTag: LocalityTag;
  readonly zone: string;
  /** As the device says it: not contiguous. */
  readonly priority: number;
  readonly address: IpAddress;
  readonly port: number;
  readonly weight: number;
  readonly weightSource: WeightSource;
}
