import { type Timestamp } from '@bufbuild/protobuf/wkt';
import { compareText } from './compare-text.ts';

/** What is older, or has the smaller name, and so wins where two want the same. */
export interface Senior {
  /** Absent: older than everything. */
  readonly created?: Timestamp | undefined;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Orders by age, then by namespace, then by name, as the Gateway API settles conflicts.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-713/#conflict-resolution
 */
export function compareSeniority(a: Senior, b: Senior): number {
  return compareCreated(a.created, b.created) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

function compareCreated(a: Timestamp | undefined, b: Timestamp | undefined): number {
  if (a === undefined || b === undefined) {
    return Number(a !== undefined) - Number(b !== undefined);
  }
  return a.seconds === b.seconds ? a.nanos - b.nanos : a.seconds < b.seconds ? -1 : 1;
}
