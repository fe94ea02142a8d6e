import { create, toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { arbitraryRequest } from '../../functions/endpoints/arbitrary-request.ts';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import {
  ComputeEndpointsRequestSchema,
  type GroupResult,
  GroupResultSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createResourceCache } from '../xds/resource-cache.ts';
import { typeUrls } from '../xds/resource.ts';
import { createPublisher } from './publisher.ts';

it('comes to what one computation of everything comes to, whatever changed on the way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryRequest, { minLength: 1, maxLength: 4 }), async (states) => {
      const now = states[0]?.now;
      const clock = createFakeClock(now && timestampMs(now));
      const cache = createResourceCache();
      let results: ReadonlyMap<string, GroupResult> = new Map();
      const publisher = createPublisher({
        functions: {
          computeEndpoints: async (request) => computeEndpoints(request),
          computeDataPlane: async (request) => computeDataPlane(request),
        },
        cache,
        clock,
        log: createFakeLog(),
        onComputed: ({ all }) => (results = all),
      });
      for (const { devices, groups } of states) {
        publisher.devices(devices);
        publisher.groups(groups);
        await publisher.settled();
        const whole = computeEndpoints(create(ComputeEndpointsRequestSchema, { ...(now && { now }), devices, groups }));
        expect([...results.keys()].toSorted()).toEqual(whole.groups.map(({ name }) => name).toSorted());
        for (const group of whole.groups) {
          const result = results.get(group.name);
          expect(result && toBinary(GroupResultSchema, result)).toEqual(toBinary(GroupResultSchema, group));
        }
        expect(cache.view(typeUrls.endpoint).wildcard()).toHaveLength(whole.groups.length);
      }
      publisher.close();
    }),
    { numRuns: 300 },
  );
});
