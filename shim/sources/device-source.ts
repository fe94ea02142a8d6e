import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';

/** Where a tailnet's devices come from: an API that is polled, or a file that is watched. */
export interface DeviceSource {
  /** For logs and metrics: `tailscale`, `headscale`, `file`. */
  readonly name: string;
  /** Reports to `sink` until `signal` aborts; then it resolves. It never rejects for what the source does. */
  run(sink: DeviceSink, signal: AbortSignal): Promise<void>;
}

/** What a source tells. Each call is level-based: the whole list, never a difference. */
export interface DeviceSink {
  /** A whole answer, with what in it could not be used. The list may be empty. */
  devices(devices: readonly Device[], rejected: readonly RejectedDevice[]): void;
  /** The last whole answer was found again, unchanged. */
  confirmed(): void;
  /** The source could not be read; it goes on trying. */
  failed(failure: SourceFailure): void;
}

/** An entry of an answer that is no device. The others count all the same. */
export interface RejectedDevice {
  /** Where it stands: `devices[3] (web-1)`, with file and line where there are any. */
  readonly place: string;
  /** What is wrong and what would be right. */
  readonly detail: string;
  /**
   * Identifier of the device that could not be read, where the entry has one that can: what was known of the device
   * before goes on to count. Absent also where only a part of the entry, such as an attribute, was left out.
   */
  readonly id?: string;
}

/** Why a source could not be read, without any secret. */
export interface SourceFailure {
  readonly reason:
    | 'unauthorized'
    | 'forbidden'
    | 'not-found'
    | 'rate-limited'
    | 'server-error'
    | 'timeout'
    | 'unreachable'
    | 'invalid-answer'
    | 'unreadable';
  /** A sentence with the place and the remedy. */
  readonly detail: string;
  /** When the next try is due, milliseconds from now; absent: when the file changes. */
  readonly retryInMs?: number;
}
