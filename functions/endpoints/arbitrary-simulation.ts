import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import {
  type SimulateEndpointsRequest,
  SimulateEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { arbitraryRequest } from './arbitrary-request.ts';

const deviceName = fc.oneof(
  fc.integer({ min: 0, max: 99 }).map((id) => `n${id}`),
  fc.constantFrom('web-1', 'web-2.tail1234.ts.net', 'nobody'),
);

const host = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map((host) => `100.64.0.${host}:8080`),
  fc.integer({ min: 1, max: 12 }).map((host) => `[fd7a:115c:a1e0::${host.toString(16)}]:8080`),
  fc.constantFrom('web-1', '100.64.0.1:0'),
);

const locality = fc.record({
  region: fc.constantFrom('', 'tag:weight-1', 'tag:weight-2', 'tag:west'),
  zone: fc.constantFrom('', '', 'a', 'b'),
});

const scenario = fc.record({
  name: fc.constantFrom('a', 'b', 'c', '服务'),
  hostsDown: fc.array(host, { maxLength: 4 }),
  devicesDown: fc.array(deviceName, { maxLength: 3 }),
  localitiesDown: fc.array(locality, { maxLength: 2 }),
  devicesDrained: fc.array(deviceName, { maxLength: 6 }),
});

/** A valid request with scenarios of which some parts are about nothing. */
export const arbitrarySimulation: fc.Arbitrary<SimulateEndpointsRequest> = fc
  .record({
    inputs: arbitraryRequest,
    scenarios: fc.uniqueArray(scenario, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
  })
  .map((init) => create(SimulateEndpointsRequestSchema, init));
