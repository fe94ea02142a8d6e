import type { HookAnswer, HookInputs } from './hook.ts';
import { decideRoutes } from './route-decision.ts';
import { spliceRoutes } from './route-splice.ts';
import { partsToBody } from './response-body.ts';
import { readSingleObject, singleObjectToBody } from './single-object.ts';
import { readVirtualHost } from './virtual-host-lens.ts';

/** PostVirtualHostModify: the routes of the tailnet's services go among those of the gateway. */
export function modifyVirtualHost(request: Buffer, inputs: HookInputs): HookAnswer {
  const { object } = readSingleObject(request);
  if (object === undefined) return { body: partsToBody([]), changed: false };
  const lens = readVirtualHost(object);
  const { routes, explanation } = decideRoutes(lens.virtualHost, inputs);
  return {
    body: singleObjectToBody(spliceRoutes(object, lens.routes, routes)),
    changed: routes.length > 0 || lens.routes.some(({ injected }) => injected),
    virtualHosts: [explanation],
  };
}
