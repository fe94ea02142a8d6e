import { describe, expect, test } from 'vitest';
import {
  ComputeRouteOverlayRequestSchema,
  ComputeRouteOverlayResponseSchema,
  ComputeRoutesRequestSchema,
  ComputeRoutesResponseSchema,
  ExplainRoutesRequestSchema,
  ExplainRoutesResponseSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { formatGolden, readGoldenCases, readGoldenOutput } from '../golden/node.ts';
import { explainRoutes } from './explanation.ts';
import { computeRouteOverlay } from './route-overlay.ts';
import { computeRoutes } from './routes.ts';

const testdata = `${import.meta.dirname}/testdata`;

describe('golden cases of routes', () => {
  test.each(readGoldenCases(`${testdata}/compute-routes`, ComputeRoutesRequestSchema))('$name', (golden) => {
    const actual = formatGolden(ComputeRoutesResponseSchema, computeRoutes(golden.request));
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});

describe('golden cases of explanations', () => {
  test.each(readGoldenCases(`${testdata}/explain-routes`, ExplainRoutesRequestSchema))('$name', (golden) => {
    const actual = formatGolden(ExplainRoutesResponseSchema, explainRoutes(golden.request));
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});

describe('golden cases of route overlays', () => {
  const cases = readGoldenCases(`${testdata}/compute-route-overlay`, ComputeRouteOverlayRequestSchema);
  test.each(cases)('$name', (golden) => {
    const actual = formatGolden(ComputeRouteOverlayResponseSchema, computeRouteOverlay(golden.request));
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});
