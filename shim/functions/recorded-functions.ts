import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../timing/clock.ts';
import type { FunctionName, FunctionsClient } from './functions-client.ts';
import type { Recorder } from './recorder.ts';

/** The same functions; each call that is answered is recorded. */
export function createRecordedFunctions(
  functions: FunctionsClient,
  { recorder, clock }: { readonly recorder: Pick<Recorder, 'record'>; readonly clock: Pick<Clock, 'now'> },
): FunctionsClient {
  async function recorded<T extends Message>(name: FunctionName, request: Message, call: Promise<T>): Promise<T> {
    const answer = await call;
    const place = functions.status().find((status) => status.function === name)?.place ?? 'in-process';
    recorder.record({ function: name, atMs: clock.now(), place, request, answer });
    return answer;
  }
  return {
    ...functions,
    computeClusters: (request) => recorded('clusters', request, functions.computeClusters(request)),
    computeDataPlane: (request) => recorded('dataplane', request, functions.computeDataPlane(request)),
    computeEndpoints: (request) => recorded('endpoints', request, functions.computeEndpoints(request)),
  };
}
