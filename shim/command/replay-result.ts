import type { FunctionName } from '../functions/functions-client.ts';
import type { Difference } from './replay-difference.ts';

/** What came of running recordings again. */
export interface Replay {
  readonly recordings: number;
  readonly same: number;
  /** Those that did not come out the same, oldest first. */
  readonly others: readonly ReplayedRecording[];
}

/** A recording that did not come out as it was. */
export interface ReplayedRecording {
  readonly file: string;
  readonly outcome: 'different' | 'failed' | 'unreadable';
  readonly function?: FunctionName;
  /** Why there is no answer, or nothing to compare. */
  readonly detail?: string;
  readonly differences?: readonly Difference[];
}
