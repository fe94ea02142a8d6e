/**
 * How far a measured share may be from the true one: 6.5 standard deviations. By chance alone it is further away once in
 * ten thousand million measurements.
 */
export function sampleBound(share: number, samples: number): number {
  return 6.5 * Math.sqrt((share * (1 - share)) / samples);
}
