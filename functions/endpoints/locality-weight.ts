/** The endpoints of one region in one zone, all of one priority. */
export interface RegionPart {
  readonly region: string;
  /** The region's weight; absent: the sum of its endpoints' weights. */
  readonly regionWeight: number | undefined;
  /** The sum of the weights of the endpoints in this zone, at least 1. */
  readonly endpointWeight: number;
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The largest sum of weights that Envoy takes, of the localities of one priority and of the
 * endpoints of one locality.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/endpoint/v3/endpoint_components.proto
 */
const maxWeightSum = 4_294_967_295n;

/**
 * Weighs the localities of one priority. A region with one zone has the region's own weight. The
 * weight of a region with several is divided over them in proportion to their endpoints' weights;
 * where that gives no whole numbers, all weights of the priority are multiplied by the smallest
 * factor that does. So setting a zone never moves traffic between regions while all hosts are healthy
 * (Envoy counts health by locality, so the hosts of a zone that is down are made up for in all
 * regions alike). Only where the numbers would become too large for Envoy they are rounded.
 *
 * @returns the weight of each part, each at least 1, their sum at most 4294967295
 */
export function weighLocalities(parts: readonly RegionPart[]): number[] {
  const regionSums = new Map<string, bigint>();
  for (const part of parts) {
    regionSums.set(part.region, (regionSums.get(part.region) ?? 0n) + BigInt(part.endpointWeight));
  }
  const fractions = parts.map((part) => {
    const sum = regionSums.get(part.region) ?? 1n;
    const regionWeight = part.regionWeight === undefined ? sum : BigInt(part.regionWeight);
    return reduceFraction(regionWeight * BigInt(part.endpointWeight), sum);
  });
  return scaleExactly(fractions) ?? scaleToFit(fractions);
}

/** Makes endpoint weights fit into what Envoy takes for one locality; smaller ones stay as they are. */
export function fitEndpointWeights(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum <= Number(maxWeightSum)
    ? weights
    : scaleToFit(weights.map((weight) => ({ numerator: BigInt(weight), denominator: 1n })));
}

function scaleExactly(fractions: readonly Fraction[]): number[] | undefined {
  let factor = 1n;
  for (const { denominator } of fractions) {
    factor = (factor / greatestCommonDivisor(factor, denominator)) * denominator;
    if (factor > maxWeightSum) {
      return undefined;
    }
  }
  const weights = fractions.map(({ numerator, denominator }) => (numerator * factor) / denominator);
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  return sum > maxWeightSum ? undefined : weights.map(Number);
}

/** Spreads the largest sum in proportion, rounded down, with room to lift every weight to at least 1. */
function scaleToFit(fractions: readonly Fraction[]): number[] {
  const room = maxWeightSum - BigInt(fractions.length);
  // In 2^-64ths and rounded up, so that the weights' sum stays below the room.
  const total = fractions.reduce((sum, { numerator, denominator }) => sum + (numerator << 64n) / denominator + 1n, 0n);
  return fractions.map(({ numerator, denominator }) => {
    const weight = ((numerator << 64n) * room) / (denominator * total);
    return weight < 1n ? 1 : Number(weight);
  });
}

function reduceFraction(numerator: bigint, denominator: bigint): Fraction {
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) {
    [larger, smaller] = [smaller, larger % smaller];
  }
  return larger;
}
