import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** All metrics of the shim. Labels take few values: never a node, a device or a resource, but for TailscaleTailnets. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Declares every metric, in a registry of its own. */
export function createMetrics(build: { readonly version: string }) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'tailway_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: build.version, node: process.version }, 1);

  return {
    /** Where all of these are registered. */
    registry,
    /** Devices by who would get them, and by what became of them: `used`, or the reason of the exclusion. */
    devices: new Gauge({
      name: 'tailway_devices',
      help: 'Devices of the last computation: used, or the reason why not; for gateways, in each of their groups.',
      labelNames: ['consumer', 'reason'],
      registers,
    }),
    refusals: new Gauge({
      name: 'tailway_device_refusals',
      help: 'Tags and attributes of the last computation that were refused and counted as absent.',
      registers,
    }),
    polls: new Counter({
      name: 'tailway_source_polls_total',
      help: 'Readings of the source of devices by result: ok, or the reason of the failure.',
      labelNames: ['source', 'tailnet', 'result'],
      registers,
    }),
    syncAge: new Gauge({
      name: 'tailway_source_last_sync_age_seconds',
      help: 'Seconds since the last good reading of the source; absent before the first.',
      labelNames: ['source', 'tailnet'],
      registers,
    }),
    known: new Gauge({
      name: 'tailway_source_devices',
      help: 'Devices of the source that are known, and rejected: entries, or attributes, that cannot be used.',
      labelNames: ['source', 'tailnet', 'state'],
      registers,
    }),
    held: new Gauge({
      name: 'tailway_source_answer_held',
      help: '1 while an answer is held that has suddenly lost most devices, or has nobody at the start.',
      labelNames: ['source', 'tailnet'],
      registers,
    }),
    holds: new Counter({
      name: 'tailway_source_holds_total',
      help: 'Suspicious answers by what is wrong with them: held, and those believed after the grace period.',
      labelNames: ['source', 'tailnet', 'cause', 'outcome'],
      registers,
    }),
    functionCalls: new Counter({
      name: 'tailway_function_calls_total',
      help: 'Calls of a function by result and place of execution.',
      labelNames: ['function', 'result', 'place'],
      registers,
    }),
    functionDuration: new Histogram({
      name: 'tailway_function_duration_seconds',
      help: 'Duration of the calls of a function.',
      labelNames: ['function', 'place'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    functionCircuit: new Gauge({
      name: 'tailway_function_circuit_open',
      help: '1 while a function at a URL is not asked because it failed, 0 while it is.',
      labelNames: ['function', 'url'],
      registers,
    }),
    hookCalls: new Counter({
      name: 'tailway_hook_calls_total',
      help: "Calls of Envoy Gateway's hooks by result, and whether the answer to the same object was at hand.",
      labelNames: ['hook', 'result', 'cached'],
      registers,
    }),
    hookDuration: new Histogram({
      name: 'tailway_hook_duration_seconds',
      help: 'Duration of the calls of a hook, waiting for the first sync included.',
      labelNames: ['hook'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
      registers,
    }),
    hookBytes: new Histogram({
      name: 'tailway_hook_message_bytes',
      help: 'Sizes of the messages of a hook.',
      labelNames: ['hook', 'direction'],
      buckets: [1e3, 1e4, 1e5, 1e6, 4 * 1024 * 1024, 1e7, 1e8, 1e9],
      registers,
    }),
    hookPanics: new Counter({
      name: 'tailway_hook_left_out_total',
      help: 'Resources that were left out of an answer because their handling failed.',
      labelNames: ['hook'],
      registers,
    }),
    xdsConnections: new Gauge({
      name: 'tailway_xds_connections',
      help: 'Open connections of the xDS server.',
      registers,
    }),
    xdsStreams: new Gauge({
      name: 'tailway_xds_streams',
      help: 'Open xDS streams by service and protocol variant.',
      labelNames: ['service', 'variant'],
      registers,
    }),
    xdsPushes: new Counter({
      name: 'tailway_xds_pushes_total',
      help: 'Responses sent by resource type.',
      labelNames: ['type'],
      registers,
    }),
    xdsResources: new Counter({
      name: 'tailway_xds_pushed_resources_total',
      help: 'Resources in the responses sent, by type.',
      labelNames: ['type'],
      registers,
    }),
    xdsBytes: new Counter({
      name: 'tailway_xds_pushed_bytes_total',
      help: 'Bytes of the responses sent, by type.',
      labelNames: ['type'],
      registers,
    }),
    xdsAcks: new Counter({
      name: 'tailway_xds_acks_total',
      help: 'Responses that clients accepted, by type.',
      labelNames: ['type'],
      registers,
    }),
    xdsNacks: new Counter({
      name: 'tailway_xds_nacks_total',
      help: 'Responses that clients refused, by type.',
      labelNames: ['type'],
      registers,
    }),
    xdsConvergence: new Histogram({
      name: 'tailway_xds_convergence_seconds',
      help: 'Time from a change until the last client that it concerns has acknowledged it.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    }),
  };
}
