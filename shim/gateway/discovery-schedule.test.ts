import { expect, test } from 'vitest';
import type { AutoDiscoverySpec } from '../custom-resources/tailscale-endpoints-schema.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createDiscoverySchedule } from './discovery-schedule.ts';

const spec: AutoDiscoverySpec = {
  enabled: true,
  includePatterns: [],
  excludePatterns: [],
  requiredTags: [],
  syncInterval: '30s',
  protocol: 'HTTP',
};

test.each([{ hours: -3 }, { hours: 3 }])('a time of day that is set by $hours h moves no discovery', ({ hours }) => {
  const clock = createFakeClock();
  const discovered: string[] = [];
  const schedule = createDiscoverySchedule({ clock, onDue: (key) => discovered.push(key) });
  schedule.set('a', spec);
  schedule.devicesChanged();
  expect(discovered).toEqual(['a']);
  clock.step(hours * 3_600_000);
  schedule.devicesChanged();
  expect(clock.timers()).toEqual([30_000]);
  clock.advance(30_000);
  expect(discovered).toEqual(['a', 'a']);
  schedule.close();
});
