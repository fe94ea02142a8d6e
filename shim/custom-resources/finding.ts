/** Why something of a resource does not count, as the reason of a condition. */
export type FindingReason =
  | 'Invalid'
  | 'UnknownField'
  | 'DuplicateName'
  | 'NoEffect'
  | 'UnknownTailnet'
  | 'NoDevices'
  | 'DeviceName';

/** Something of a resource that does not count. */
export interface Finding {
  readonly reason: FindingReason;
  /** Where: `spec.endpoints[2].externalTarget`. */
  readonly path: string;
  /** What is lost by it. */
  readonly effect: 'field-ignored' | 'endpoint-refused' | 'resource-refused';
  /** Name of the endpoint that it is about; empty: none, or one without a usable name. */
  readonly endpoint: string;
  /** A sentence for people, with the place and the remedy. */
  readonly detail: string;
}
