import { type Timestamp, timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';

/** A moment in nanoseconds since 1970: exact, and comparable for any content of a `Timestamp`. */
export type Instant = bigint;

/** The last moment that JSON can say of a `Timestamp`, 9999-12-31T23:59:59Z: what is later never comes. */
const lastInstant: Instant = 253_402_300_799_000_000_000n;

/** Reads a timestamp, also one whose fields are out of their ranges. */
export function timestampToInstant(timestamp: Timestamp): Instant {
  return timestamp.seconds * 1_000_000_000n + BigInt(timestamp.nanos);
}

/** Writes a moment; absent where no timestamp can say it. */
export function instantToTimestamp(instant: Instant | undefined): Timestamp | undefined {
  if (instant === undefined || instant < 0n || instant > lastInstant) {
    return undefined;
  }
  const timestamp = timestampFromMs(0);
  timestamp.seconds = instant / 1_000_000_000n;
  timestamp.nanos = Number(instant % 1_000_000_000n);
  return timestamp;
}

/** A moment for people, in UTC to the second. */
export function formatInstant(instant: Instant): string {
  const date = timestampDate(timestampFromMs(Number(instant / 1_000_000n)));
  return Number.isNaN(date.getTime()) ? 'a time out of range' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The earlier of two moments that may not come. */
export function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return a < b ? a : b;
}
