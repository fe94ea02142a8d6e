import type { HookAnswer } from './hook.ts';
import { passSingleObject } from './single-object.ts';

/** PostHTTPListenerModify: nothing of ours is in a listener, so it goes back as it came. */
export function modifyListener(request: Buffer): HookAnswer {
  return { body: passSingleObject(request), changed: false };
}
