import { type ConnectRouter } from '@connectrpc/connect';
import {
  ComputeRouteOverlayRequestSchema,
  type ComputeRoutesRequest,
  ComputeRoutesRequestSchema,
  ExplainRoutesRequestSchema,
  RouteService,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { findPoliciesViolations } from '../route-policy/policy-violation.ts';
import { findAllowedTargetViolations, findEndpointsViolations } from '../service-endpoint/endpoint-violation.ts';
import { type FieldViolation, insideField } from '../serving/field-violation.ts';
import { createRequestValidator } from '../serving/request-validator.ts';
import { explainRoutes } from './explanation.ts';
import { computeRouteOverlay } from './route-overlay.ts';
import { computeRoutes } from './routes.ts';

/**
 * Serves {@link computeRoutes}, {@link explainRoutes} and {@link computeRouteOverlay}. A request that breaks a rule of its proto, that names
 * two endpoints or policies alike, or whose policies Envoy would refuse, is an InvalidArgument with the fields in
 * question as its detail. An endpoint that has no route is no fault of the request: the response says why.
 */
export function registerRoutes(router: ConnectRouter): void {
  const validateRoutes = createRequestValidator(ComputeRoutesRequestSchema, findViolations);
  const validateExplanation = createRequestValidator(ExplainRoutesRequestSchema, ({ inputs }) =>
    inputs === undefined ? [] : insideField('inputs', findViolations(inputs)),
  );
  const validateOverlay = createRequestValidator(ComputeRouteOverlayRequestSchema, ({ policies }) =>
    findPoliciesViolations(policies),
  );
  router.service(RouteService, {
    computeRoutes(request) {
      validateRoutes(request);
      return computeRoutes(request);
    },
    explainRoutes(request) {
      validateExplanation(request);
      return explainRoutes(request);
    },
    computeRouteOverlay(request) {
      validateOverlay(request);
      return computeRouteOverlay(request);
    },
  });
}

function findViolations({ endpoints, policies, allowTargets }: ComputeRoutesRequest): FieldViolation[] {
  return [
    ...findEndpointsViolations(endpoints),
    ...findPoliciesViolations(policies),
    ...findAllowedTargetViolations(allowTargets, 'allow_targets'),
  ];
}
