import { EnvoyGatewayExtension } from '../../proto/gen/envoygateway/extension/service_pb.ts';
import { modifyCluster } from './cluster-hook.ts';
import { modifyEndpoints } from './endpoints-hook.ts';
import type { Hook, PassThrough } from './hook.ts';
import { modifyListener } from './listener-hook.ts';
import type { HookName } from './observer.ts';
import { modifyRoute } from './route-hook.ts';
import { passSingleObject } from './single-object.ts';
import { modifyTranslation, passTranslation } from './translate-hook.ts';
import { modifyVirtualHost } from './virtual-host-hook.ts';

/** How a hook is served. */
export interface HookMethod {
  readonly name: HookName;
  readonly modify: Hook;
  readonly passThrough: PassThrough;
  /** Whether it answers from what is synced; the others need not wait for it. */
  readonly needsSync: boolean;
  /** Whether its answers are worth keeping: they cost more than a hash, and the same requests come again. */
  readonly isKept: boolean;
}

const methods: readonly HookMethod[] = [
  { name: 'PostRouteModify', modify: modifyRoute, passThrough: passSingleObject, needsSync: false, isKept: false },
  {
    name: 'PostVirtualHostModify',
    modify: modifyVirtualHost,
    passThrough: passSingleObject,
    needsSync: true,
    isKept: true,
  },
  {
    name: 'PostHTTPListenerModify',
    modify: modifyListener,
    passThrough: passSingleObject,
    needsSync: false,
    isKept: false,
  },
  { name: 'PostClusterModify', modify: modifyCluster, passThrough: passSingleObject, needsSync: true, isKept: false },
  {
    name: 'PostEndpointsModify',
    modify: modifyEndpoints,
    passThrough: passSingleObject,
    needsSync: false,
    isKept: false,
  },
  {
    name: 'PostTranslateModify',
    modify: modifyTranslation,
    passThrough: passTranslation,
    needsSync: true,
    isKept: false,
  },
];

/** All hooks, by their request paths. */
export const hookTable: ReadonlyMap<string, HookMethod> = new Map(
  methods.map((method) => [`/${EnvoyGatewayExtension.typeName}/${method.name}`, method]),
);
