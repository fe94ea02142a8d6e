import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EchoServer } from '../envoy/echo-server.ts';
import { startForeignExtension } from './foreign-extension.ts';
import { seenAt, untilSeen } from './gateway-client.ts';
import { catchAllTo, endpointTo, endpointsOf, extensionManagerOf, gatewayOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

describe('a chain of extension servers', () => {
  let cluster: TestCluster;
  let own: EchoServer;
  let web: EchoServer;

  beforeAll(async () => {
    cluster = await startTestCluster();
    [own, web] = [await cluster.upstream('own'), await cluster.upstream('web')];
    await cluster.shim();
    const [before, after] = [await startForeignExtension('before'), await startForeignExtension('after')];
    for (const each of [before, after]) cluster.defer(() => each.close());
    const foreign = (name: string, port: number) => ({ ...extensionManagerOf(port), name, policyResources: [] });
    await cluster.envoyGateway({
      extensionManagers: [
        foreign('before', before.port),
        { ...extensionManagerOf(cluster.grpcPort), name: 'tailway' },
        foreign('after', after.port),
      ],
    });
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('keeps what those before and after it inject', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    await kubectl.apply(gatewayOf(port), ...catchAllTo(own.port), endpointsOf('web', [endpointTo('web', web)]));
    await untilSeen(port, '/api/web/x', { name: 'web', path: '/x' });
    for (const name of ['before', 'after']) await untilSeen(port, `/foreign/${name}`, { name });
    await untilSeen(port, '/other', { name: 'own' });

    await kubectl.delete(endpointsOf('web', []));
    await untilSeen(port, '/api/web/x', { name: 'own' });
    for (const name of ['before', 'after']) expect(await seenAt(port, `/foreign/${name}`)).toMatchObject({ name });
  });
});
