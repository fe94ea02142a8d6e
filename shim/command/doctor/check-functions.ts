import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ClusterService, ComputeClustersRequestSchema } from '../../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { DataPlaneService } from '../../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import {
  ComputeEndpointsRequestSchema,
  EndpointService,
} from '../../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { createOriginCallers } from '../../functions/configured-functions.ts';
import type { CallOutcome, OriginCaller } from '../../functions/origin-caller.ts';
import { settingsToDataPlane } from '../../settings/data-plane-inputs.ts';
import type { Settings } from '../../settings/definitions.ts';
import type { Clock } from '../../timing/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Finding } from './diagnosis.ts';

const ignore = () => undefined;

/** What goes wrong is told as a finding. */
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent };

/** Whether remote functions answer, to this caller and with this schema. */
export async function checkFunctions(
  settings: Settings,
  parts: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Finding[]> {
  if (settings.functionsUrls.length === 0) {
    return [{ level: 'ok', subject: 'functions', detail: 'run in the shim; no others are configured' }];
  }
  try {
    const callers = createOriginCallers(settings, { clock: parts.clock, log: silent });
    return (await Promise.all(callers.map((caller) => checkOrigin(caller, settings, parts)))).flat();
  } catch (err) {
    const detail = err instanceof Error ? err.message : String(err);
    return [{ level: 'problem', subject: 'functions', detail }];
  }
}

async function checkOrigin(
  caller: OriginCaller,
  settings: Settings,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const options = { timeoutMs: settings.functionsTimeout, signal };
  const now = timestampFromMs(clock.now());
  try {
    const [endpoints, clusters, dataPlane] = await Promise.all([
      caller.call(EndpointService.method.computeEndpoints, create(ComputeEndpointsRequestSchema, { now }), options),
      caller.call(ClusterService.method.computeClusters, create(ComputeClustersRequestSchema), options),
      caller.call(DataPlaneService.method.computeDataPlane, settingsToDataPlane(settings), options),
    ]);
    const { origin } = caller;
    return [
      toFinding('endpoints', origin, endpoints, settings),
      toFinding('clusters', origin, clusters, settings),
      toFinding('dataplane', origin, dataPlane, settings),
    ];
  } finally {
    caller.close();
  }
}

function toFinding(name: string, origin: string, outcome: CallOutcome<unknown>, settings: Settings): Finding {
  const subject = `${name} at ${origin}`;
  if (outcome.ok) return { level: 'ok', subject, detail: 'answers' };
  const meanwhile =
    settings.functionsFallback === 'none' ? 'the last good answers stay' : 'the shim computes it itself';
  return { level: 'problem', subject, detail: `${outcome.failure.detail}; meanwhile ${meanwhile}` };
}
