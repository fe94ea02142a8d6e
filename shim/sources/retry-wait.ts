/** The longest wait between tries that fail: what works again should be noticed soon. */
export const longestRetryMs = 60_000;

/** A second after the first failure in a row, doubled with each; how long at the most is the caller's to say. */
export function doubledRetryMs(failures: number): number {
  return 1000 * 2 ** Math.min(failures - 1, 30);
}

/**
 * Up to a tenth more or less, so that replicas that start together do not ask together.
 *
 * @param random from 0 up to 1
 */
export function withJitter(ms: number, random: number): number {
  return ms * (0.9 + 0.2 * random);
}
