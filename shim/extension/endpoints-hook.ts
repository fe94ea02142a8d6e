import type { HookAnswer } from './hook.ts';
import { passSingleObject } from './single-object.ts';

/** PostEndpointsModify: the hosts of Envoy Gateway's own clusters are its own, so they go back as they came. */
export function modifyEndpoints(request: Buffer): HookAnswer {
  return { body: passSingleObject(request), changed: false };
}
