import type { HookAnswer, HookInputs } from './hook.ts';
import { decideRoutes, explainLater } from './route-decision.ts';
import { spliceRoutes } from './route-splice.ts';
import { partsToBody } from './response-body.ts';
import { readSingleObject, singleObjectToBody } from './single-object.ts';

/** PostVirtualHostModify: the routes of the tailnet's services go among those of the gateway. */
export function modifyVirtualHost(request: Buffer, inputs: HookInputs): HookAnswer {
  const { object } = readSingleObject(request);
  if (object === undefined) return { body: partsToBody([]), changed: false };
  const { reader } = inputs;
  const lens = reader.read(object);
  const { routes } = decideRoutes(lens.virtualHost, inputs);
  const explain = explainLater(() => reader.read(object).virtualHost, inputs);
  return {
    body: singleObjectToBody(spliceRoutes(object, lens.routes, routes)),
    changed: routes.length > 0 || lens.routes.some(({ injected }) => injected),
    virtualHosts: [{ name: lens.virtualHost.name, explain }],
  };
}
