import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { accessesOf, serviceAccount, untilAccess } from '../cluster/access.ts';
import { untilSeen } from '../cluster/gateway-client.ts';
import { catchAllTo, endpointTo, endpointsOf, gatewayOf } from '../cluster/manifests.ts';
import { configOf, renderEnvoyGateway } from './envoy-gateway-chart.ts';
import { type InstallCluster, startInstallCluster } from './install-cluster.ts';
import { rightTo, rightsOf, rolesOf } from './rendered-rights.ts';
import { requestToken } from './service-account.ts';

const account = { namespace: 'envoy-gateway-system', name: 'envoy-gateway' };
const group = 'gateway.tailscale.com';
const values = join(import.meta.dirname, '..', '..', 'deploy', 'envoy-gateway', 'helm', 'values.yaml');

describe("Envoy Gateway with its own chart's rights and ours", () => {
  let cluster: InstallCluster;
  beforeAll(async () => {
    cluster = await startInstallCluster();
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('is configured by our values of its chart, serves what is injected, and needs these rights', async () => {
    const { helm, folder, kubectl, apiServer, audit, gatewayPort: port } = cluster;
    const chart = inject('peers').envoyGatewayChart;
    const theirs = await renderEnvoyGateway({ helm, chart, folder, file: values });
    const ours = await cluster.rendered({ settings: { 'allow-targets': '127.0.0.0/8' } });
    await kubectl.apply(...theirs.filter(({ kind }) => /Role|ServiceAccount|ConfigMap/.test(kind)), ...ours);
    const shim = await cluster.pod(ours);

    const { extensionManager } = configOf(theirs) as { extensionManager: { service: object } };
    expect(extensionManager.service).toEqual({
      fqdn: { hostname: 'tailscale-gateway-extension-server.tailscale-gateway-system.svc.cluster.local', port: 5005 },
    });
    // For who has no chart of it, ours writes what theirs would.
    const written = await cluster.rendered({ envoyGateway: { writeConfig: true } });
    expect(configOf(theirs)).toMatchObject(configOf(written));
    // No DNS here that knows Services.
    const service = { ip: { address: '127.0.0.1', port: shim.grpcPort } };
    const roles = rolesOf(ours, account.name);
    const accesses = roles.flatMap(({ rules, metadata }) =>
      rules.flatMap((rule) => accessesOf(rule, metadata.namespace)),
    );
    await untilAccess(apiServer.client, serviceAccount(account), accesses);
    const token = await requestToken(apiServer.client, account);
    const kubeconfig = await apiServer.kubeconfigFor(token);
    await cluster.envoyGateway({ extensionManager: { ...extensionManager, service } }, kubeconfig);

    const [own, web] = [await cluster.upstream('own'), await cluster.upstream('web')];
    const policy = {
      apiVersion: `${group}/v1alpha1`,
      kind: 'TailscaleRoutePolicy',
      metadata: { name: 'all', namespace: 'default' },
      spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gateway' }] },
    };
    const endpoints = endpointsOf('web', [endpointTo('web', web)]);
    await kubectl.apply(gatewayOf(port), ...catchAllTo(own.port), endpoints, policy);
    await untilSeen(port, '/api/web/x', { name: 'web', path: '/x' });
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'custom', namespace: 'default' },
      spec: {
        parentRefs: [{ name: 'gateway' }],
        rules: [
          {
            matches: [{ path: { value: '/custom' } }],
            backendRefs: [{ group, kind: 'TailscaleEndpoints', name: 'web', port: web.port }],
          },
        ],
      },
    };
    await kubectl.apply(route);
    await untilSeen(port, '/custom/x', { name: 'web', path: '/custom/x' });
    await waitFor('the status of the policy', async () => (await kubectl.get(policy))?.['status']);

    const requests = (await audit.requestsOf(account)).filter((each) => each.group === group);
    expect(requests.filter(({ status }) => status === 403)).toEqual([]);
    const given = rightsOf(roles.flatMap(({ rules }) => rules));
    // What may be watched may be listed and got: with other API servers, and by other versions, it is.
    const used = new Set(requests.map(rightTo));
    for (const { verb, ...resource } of requests) {
      if (verb !== 'watch') continue;
      for (const also of ['list', 'get']) used.add(rightTo({ ...resource, verb: also }));
    }
    expect([...given].toSorted()).toEqual([...used].toSorted());
  });
});
