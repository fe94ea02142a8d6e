import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ExclusionReason, GroupResultSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { createComputationReport } from './computation-report.ts';
import { createFakeLog } from './fake-log.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics.ts';

function createBench() {
  const lines: object[] = [];
  const log: Log = {
    debug: () => undefined,
    info: (fields, message) => void lines.push({ message, ...fields }),
    warn: () => undefined,
    error: () => undefined,
    child: () => log,
  };
  const metrics = createMetrics({ version: 'test' });
  return { lines, metrics, report: createComputationReport({ log, metrics, sidecarGroup: 'g' }) };
}

function groupWith(name: string, ...excluded: readonly string[]) {
  return create(GroupResultSchema, {
    name,
    excluded: excluded.map((deviceId) => ({ deviceId, reason: ExclusionReason.OFFLINE, detail: 'is offline' })),
    localities: [{ endpoints: [{ deviceId: 'x' }, { deviceId: 'y' }] }],
    refused: [{ deviceId: 'x', subject: 'custom:lb-weight', value: 'many', detail: 'a whole number' }],
  });
}

function answerWith(...excluded: readonly string[]) {
  return { changed: [groupWith('g', ...excluded)], gone: [] };
}

describe('a report of computations', () => {
  it('tells each exclusion and refusal once, and again when it comes back', () => {
    const { lines, report } = createBench();
    report.tell(answerWith('a'));
    expect(lines).toEqual([
      expect.objectContaining({ message: 'a device is left out', device: 'a', reason: 'offline', group: 'g' }),
      expect.objectContaining({ message: 'a value is refused and counts as absent', subject: 'custom:lb-weight' }),
    ]);
    report.tell(answerWith('a'));
    expect(lines).toHaveLength(2);
    report.tell(answerWith());
    report.tell(answerWith('a', 'b'));
    expect(lines).toHaveLength(4);
  });

  it('does not name thousands of devices', () => {
    const { lines, report } = createBench();
    report.tell(answerWith(...Array.from({ length: 5000 }, (_, i) => `d${i}`)));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toMatchObject({ more: 4981 });
  });

  it('counts devices by reason, and forgets reasons that are over', async () => {
    const { metrics, report } = createBench();
    report.tell(answerWith('a', 'b'));
    expect(await metrics.registry.metrics()).toMatch(/tailway_devices\{consumer="sidecars",reason="offline"\} 2/);
    report.tell(answerWith());
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/tailway_devices\{consumer="sidecars",reason="used"\} 2/);
    expect(text).not.toMatch(/reason="offline"/);
    expect(text).toMatch(/tailway_device_refusals 1/);
  });

  it('keeps what it counted of groups that did not change, until they go', async () => {
    const { lines, metrics, report } = createBench();
    report.tell({ changed: [groupWith('g', 'a'), groupWith('h', 'a', 'b')], gone: [] });
    const before = lines.length;
    report.tell({ changed: [groupWith('g')], gone: [] });
    const text = await metrics.registry.metrics();
    expect(text).not.toMatch(/consumer="sidecars",reason="offline"/);
    expect(text).toMatch(/tailway_devices\{consumer="gateways",reason="offline"\} 2/);
    expect(text).toMatch(/tailway_devices\{consumer="sidecars",reason="used"\} 2/);
    expect(text).toMatch(/tailway_devices\{consumer="gateways",reason="used"\} 2/);
    expect(text).toMatch(/tailway_device_refusals 2/);
    report.tell({ changed: [], gone: ['h'] });
    const later = await metrics.registry.metrics();
    expect(later).not.toMatch(/reason="offline"/);
    expect(later).toMatch(/tailway_devices\{consumer="sidecars",reason="used"\} 2/);
    expect(lines).toHaveLength(before);
    report.tell({ changed: [groupWith('h', 'a')], gone: [] });
    expect(lines).toHaveLength(before + 2);
  });

  it('warns once of a group that has lost most of its devices', () => {
    const log = createFakeLog();
    const metrics = createMetrics({ version: 'test' });
    const report = createComputationReport({ log, metrics, sidecarGroup: 'g' });
    const none = create(GroupResultSchema, {
      name: 'g',
      excluded: ['x', 'y'].map((deviceId) => ({ deviceId, reason: ExclusionReason.UNAUTHORIZED })),
    });
    report.tell(answerWith());
    report.tell({ changed: [none], gone: [] });
    report.tell({ changed: [none], gone: [] });
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ fields: { had: 2, used: 0, reasons: { unauthorized: 2 }, groups: ['g'] } }),
    ]);
  });
});
