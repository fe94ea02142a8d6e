import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { createDeviceStore } from '../sources/device-store.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from './fake-log.ts';
import { createMetrics } from './metrics.ts';
import { copySourceStatuses } from './source-metrics.ts';

function setUp() {
  const clock = createFakeClock();
  const store = createDeviceStore({ clock, log: createFakeLog(), holdMs: 300_000, onChange: () => undefined });
  const { registry, ...metrics } = createMetrics({ version: 'test' });
  const devices = (online: boolean) => ['a', 'b', 'c'].map((id) => create(DeviceSchema, { id, online }));
  return {
    clock,
    store,
    devices,
    async metrics() {
      copySourceStatuses({ registry, ...metrics }, [{ source: 'tailscale', status: store.status() }]);
      return registry.metrics();
    },
  };
}

test.each([{ hours: -3 }, { hours: 3 }])(
  'a reading is as old as it is when the time of day is set by $hours h',
  async ({ hours }) => {
    const { clock, store, devices, metrics } = setUp();
    expect(await metrics()).not.toContain('last_sync_age_seconds{');
    store.devices(devices(true), []);
    clock.advance(400_000);
    clock.step(hours * 3_600_000);
    expect(await metrics()).toContain('tailway_source_last_sync_age_seconds{source="tailscale"} 400\n');
  },
);

test('holds are counted by their cause', async () => {
  const { clock, store, devices, metrics } = setUp();
  store.devices(devices(true), []);
  expect(await metrics()).toContain('tailway_source_answer_held{source="tailscale"} 0\n');
  store.devices(devices(false), []);
  const held = await metrics();
  expect(held).toContain('tailway_source_answer_held{source="tailscale"} 1\n');
  expect(held).toContain('tailway_source_holds_total{source="tailscale",cause="devices-offline",outcome="held"} 1\n');
  expect(held).toContain('tailway_source_holds_total{source="tailscale",cause="devices-gone",outcome="held"} 0\n');
  clock.advance(300_000);
  const believed = await metrics();
  expect(believed).toContain('tailway_source_answer_held{source="tailscale"} 0\n');
  expect(believed).toContain(
    'tailway_source_holds_total{source="tailscale",cause="devices-offline",outcome="believed"} 1\n',
  );
});
