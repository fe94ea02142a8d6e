import { create } from '@bufbuild/protobuf';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  type GroupResult,
  type Scenario,
  type ScenarioResult,
  ScenarioResultSchema,
  type SimulateEndpointsRequest,
  type SimulateEndpointsResponse,
  SimulateEndpointsResponseSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { compareText } from '../compare-text.ts';
import { computeEndpoints } from './endpoints.ts';
import { compareGroup } from './group-comparison.ts';
import { findHostsDown, findUnmatched } from './scenario.ts';

/**
 * Computes what share each locality and endpoint would have in each scenario, beside the share with all healthy. It is
 * {@link computeEndpoints} that answers, with other devices and other unhealthy hosts. Total, and the same content gets
 * the same bytes in whatever order its lists are.
 */
export function simulateEndpoints({ inputs, scenarios }: SimulateEndpointsRequest): SimulateEndpointsResponse {
  const request = inputs ?? create(ComputeEndpointsRequestSchema);
  const healthy = compute(request, request.devices, []);
  const sorted = scenarios.toSorted((a, b) => compareText(a.name, b.name));
  return create(SimulateEndpointsResponseSchema, {
    scenarios: sorted.map((scenario) => simulate(request, healthy, scenario)),
  });
}

function simulate(
  request: ComputeEndpointsRequest,
  healthy: readonly GroupResult[],
  scenario: Scenario,
): ScenarioResult {
  const devices = withoutDrained(request.devices, scenario.devicesDrained);
  // Once a device is drained, another one may have its address.
  const present = devices === request.devices ? healthy : compute(request, devices, []);
  const down = [...request.unhealthy, ...findHostsDown(present, scenario)];
  const groups = compute(request, devices, down);
  return create(ScenarioResultSchema, {
    name: scenario.name,
    groups: groups.map((group, index) => compareGroup(healthy[index], group)),
    unmatched: findUnmatched(healthy, present, scenario),
  });
}

function compute(
  request: ComputeEndpointsRequest,
  devices: readonly Device[],
  unhealthy: readonly string[],
): GroupResult[] {
  return computeEndpoints({ ...request, devices: [...devices], unhealthy: [...unhealthy] }).groups;
}

function withoutDrained(devices: readonly Device[], drained: readonly string[]): readonly Device[] {
  const names = new Set(drained.filter((name) => name !== ''));
  return names.size === 0 ? devices : devices.filter(({ id, name }) => !names.has(id) && !names.has(name));
}
