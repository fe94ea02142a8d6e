import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { readGoldenCases } from '../../functions/golden/node.ts';
import { ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { callableFunctions } from './callable-functions.ts';
import { createInProcessFunctions } from './in-process-functions.ts';
import { createRecordedFunctions } from './recorded-functions.ts';
import { createRecorder, isRecordingName, type RecorderLimits } from './recorder.ts';
import { decodeRecording, encodeRecording, type Recording } from './recording.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-recorder-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const request = create(ComputeDataPlaneRequestSchema, { clusterName: 'web' });

const recordingAt = (atMs: number): Recording => ({
  function: 'dataplane',
  atMs,
  place: 'remote',
  request,
  answer: computeDataPlane(request),
});

function createBench(limits?: RecorderLimits) {
  const log = createFakeLog();
  const clock = createFakeClock();
  return { log, clock, recorder: createRecorder({ folder, clock, log, ...(limits === undefined ? {} : { limits }) }) };
}

describe('a recorder', () => {
  it('keeps the newest, within its bounds, and continues what another left', async () => {
    const first = createBench({ files: 3, bytes: 1e9, waiting: 50 });
    for (let i = 0; i < 5; i++) first.recorder.record(recordingAt(1000 + i));
    await first.recorder.settled();
    expect(await readdir(folder)).toEqual(
      ['002', '003', '004'].map((ms, i) => `19700101T000001${ms}Z-000${i + 2}-dataplane.json`),
    );
    const size = Buffer.byteLength(encodeRecording(recordingAt(1000)));
    const second = createBench({ files: 3, bytes: 2 * size, waiting: 50 });
    second.recorder.record(recordingAt(5000));
    await second.recorder.settled();
    expect(await readdir(folder)).toEqual([
      '19700101T000001004Z-0004-dataplane.json',
      '19700101T000005000Z-0000-dataplane.json',
    ]);
  });

  it('leaves alone what is none of its own, and removes what was left half written', async () => {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await writeFile(join(folder, '.19700101T000001004Z-0004-dataplane.json.1.tmp'), '{"for');
    const { recorder } = createBench({ files: 1, bytes: 1e9, waiting: 50 });
    recorder.record(recordingAt(1));
    recorder.record(recordingAt(2));
    await recorder.settled();
    expect(await readdir(folder)).toEqual(['19700101T000000002Z-0001-dataplane.json', 'notes.txt']);
  });

  it('gives up what comes faster than it can be written, the oldest first', async () => {
    const { recorder } = createBench({ files: 100, bytes: 1e9, waiting: 3 });
    for (let i = 0; i < 10; i++) recorder.record(recordingAt(i));
    await recorder.settled();
    const names = await readdir(folder);
    expect(names.length).toBeLessThan(10);
    expect(names.at(-1)).toContain('000000009Z');
  });

  it('says so when it cannot write, once, pauses, and goes on later', async () => {
    const { recorder, log, clock } = createBench();
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file where the folder should be');
    recorder.record(recordingAt(1));
    await recorder.settled();
    recorder.record(recordingAt(2));
    await recorder.settled();
    expect(log.messages('warn')).toHaveLength(1);
    await rm(folder);
    clock.advance(31_000);
    recorder.record(recordingAt(3));
    await recorder.settled();
    expect((await readdir(folder)).filter(isRecordingName)).toHaveLength(1);
    expect(log.messages('info')).toEqual(['calls of functions are recorded again']);
  });

  it('does not pause for hours when the clock is set back', async () => {
    const { log, clock } = createBench();
    const recorder = createRecorder({ folder, clock, log });
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file where the folder should be');
    recorder.record(recordingAt(1));
    await recorder.settled();
    await rm(folder);
    clock.step(-3_600_000);
    clock.advance(31_000);
    recorder.record(recordingAt(2));
    await recorder.settled();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('fails no call of a function when it cannot write', async () => {
    const { log, clock } = createBench();
    const recorder = createRecorder({ folder: '/dev/null/recordings', clock, log });
    const metrics = createMetrics({ version: 'test' });
    const functions = createRecordedFunctions(createInProcessFunctions({ clock, metrics }), { recorder, clock });
    expect((await functions.computeDataPlane(request)).cluster?.name).toBe('web');
    await recorder.settled();
    expect(log.messages('warn')).toHaveLength(1);
  });
});

describe('a recording', () => {
  it('comes back as it was', () => {
    const cases = readGoldenCases(
      `${import.meta.dirname}/../../functions/clusters/testdata/compute-clusters`,
      ComputeClustersRequestSchema,
    );
    expect(cases.length).toBeGreaterThan(5);
    for (const { request } of cases) {
      const answer = computeClusters(request);
      const decoded = decodeRecording(
        encodeRecording({ function: 'clusters', atMs: 7, place: 'fallback', request, answer }),
      );
      if (typeof decoded === 'string') throw new Error(decoded);
      const { method } = callableFunctions.clusters;
      expect(decoded).toMatchObject({ function: 'clusters', atMs: 7, place: 'fallback' });
      expect(toBinary(method.input, decoded.request)).toEqual(toBinary(method.input, request));
      expect(toBinary(method.output, decoded.answer)).toEqual(toBinary(method.output, answer));
    }
  });

  it.each([
    { name: 'no JSON', text: '{', why: 'no JSON' },
    { name: 'another file', text: '{"devices":[]}', why: 'format' },
    {
      name: 'an unknown function',
      text: encodeRecording(recordingAt(0)).replace('"dataplane"', '"constructor"'),
      why: 'no such function',
    },
    { name: 'damaged messages', text: encodeRecording(recordingAt(0)).replace('"web"', '7'), why: 'messages' },
  ])('that is none is told: $name', ({ text, why }) => {
    expect(decodeRecording(text)).toContain(why);
  });

  it('is a text that people can read', async () => {
    const { recorder } = createBench();
    recorder.record(recordingAt(0));
    await recorder.settled();
    const [name = ''] = await readdir(folder);
    expect(await readFile(join(folder, name), 'utf8')).toContain('"clusterName":"web"');
  });
});
