/**
 * How far a measured share may be from the true one: 5.5 standard deviations. By chance alone it is further away once in
 * 26 million measurements.
 */
export function sampleBound(share: number, samples: number): number {
  return 5.5 * Math.sqrt((share * (1 - share)) / samples);
}
