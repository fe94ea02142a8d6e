import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createEventWriter } from '../../shim/kubernetes/event-writer.ts';
import { createKubeClient } from '../../shim/kubernetes/kube-client.ts';
import { loadKubeConfig } from '../../shim/kubernetes/kube-config.ts';
import { shimRights } from '../../shim/command/doctor/shim-rights.ts';
import { systemClock as clock } from '../../shim/timing/clock.ts';
import { createFakeLog } from '../../shim/telemetry/fake-log.ts';
import { accessesOf, serviceAccount, untilAccess } from '../cluster/access.ts';
import { type InstallCluster, startInstallCluster } from './install-cluster.ts';
import { tailnetSecret } from './life-of-resources.ts';
import type { PodProcess } from './pod-process.ts';
import { type Rule, rightTo, rightsOf, rolesOf } from './rendered-rights.ts';
import type { Manifest } from '../cluster/kubectl.ts';
import { requestToken } from './service-account.ts';
import { namespace } from './value-sets.ts';

const account = { namespace, name: 'tailscale-gateway-extension-server' };
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'tailway', namespace } };
const values = {
  settings: { 'status-interval': '100ms', 'allow-targets': '127.0.0.0/8' },
  tailnets: { secrets: { 'team-a': [tailnetSecret] } },
};
const runs = [
  { where: 'in all namespaces', values, widely: true },
  { where: 'in two namespaces alone', values: { ...values, namespaces: ['team-a', 'team-b'] }, widely: false },
];

/** The rights that were given and used in each of the runs, over all API servers. */
const rights = new Map(runs.map(({ where }) => [where, { given: new Set<string>(), used: new Set<string>() }]));

describe.each([
  { how: 'that streams lists', flags: [] },
  { how: 'that does not', flags: ['--feature-gates=WatchList=false'] },
])('under its ServiceAccount, on an API server $how, the shim', ({ flags }) => {
  let cluster: InstallCluster;
  beforeAll(async () => {
    cluster = await startInstallCluster(flags);
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it.each(runs)('has all rights that it needs $where', async ({ where, values, widely }) => {
    const { kubectl, audit, life } = cluster;
    const manifests = await cluster.rendered(values);
    const roles = rolesOf(manifests, account.name);
    await kubectl.apply(...manifests);
    await untilRoles(cluster, roles);
    const before = (await audit.requestsOf(account)).length;
    const shim = await cluster.pod(manifests);
    await until('the shim to lead', shim.leads);
    await life.begin();
    await until('all to be written', life.isSettled);
    await life.end();
    await until('the revision to go', life.isOver);
    await tellTwice(cluster);
    expect(await shim.process.stop()).toBe(0);
    await kubectl.delete(lease);

    const requests = (await audit.requestsOf(account)).slice(before);
    expect(requests.filter(({ status }) => status === 403)).toEqual([]);
    expect(shim.logged('answered 403')).toEqual([]);
    const ofCluster = requests.filter((each) => each.namespace === '' && each.resource !== 'gatewayclasses');
    expect(ofCluster.length > 0).toBe(widely);

    const { given, used } = rights.get(where) ?? { given: new Set(), used: new Set() };
    for (const right of rightsOf(roles.flatMap(({ rules }) => rules))) given.add(right);
    for (const each of requests) {
      used.add(rightTo(each));
      // An apply that makes an object needs the right to create it.
      if (each.status === 201) used.add(rightTo({ ...each, verb: 'create' }));
    }
    await kubectl.delete({ kind: 'Deployment', apiVersion: 'apps/v1', metadata: account });
    for (const role of roles) await kubectl.delete(role);
  });
});

describe('under its ServiceAccount the shim', () => {
  it.each(runs)('has no right $where that it does not need', ({ where }) => {
    const { given, used } = rights.get(where) ?? {};
    expect([...(given ?? [])].toSorted()).toEqual([...(used ?? [])].toSorted());
  });

  it('has the rights that `tailway doctor` looks for, and those to Secrets', () => {
    const looked = shimRights.map(({ access: { subresource, ...access } }) =>
      rightTo(subresource === undefined ? access : { ...access, resource: `${access.resource}/${subresource}` }),
    );
    const { given } = rights.get(runs[0]?.where ?? '') ?? {};
    expect([...looked, 'list secrets.', 'watch secrets.'].toSorted()).toEqual([...(given ?? [])].toSorted());
  });

  let cluster: InstallCluster;
  beforeAll(async () => {
    cluster = await startInstallCluster();
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('says which right is missing, each of them', { timeout: 900_000 }, async () => {
    const manifests = await cluster.rendered(values);
    await cluster.kubectl.apply(...manifests);
    const roles = rolesOf(manifests, account.name);
    for (const missing of roles.flatMap(({ rules }) => rules)) {
      const rest = roles.map((role) =>
        Object.assign({}, role, { rules: role.rules.filter((rule) => rule !== missing) }),
      );
      await cluster.kubectl.apply(...rest);
      await untilRoles(cluster, rest);
      const lacking = roles.filter(({ rules }) => rules.includes(missing));
      await untilRoles(
        cluster,
        lacking.map((role) => Object.assign({}, role, { rules: [missing] })),
        false,
      );
      const told = await whatIsRefused(cluster, await cluster.pod(manifests), missing);
      expect({ missing, told }).toEqual({ missing, told: expect.stringContaining('answered 403') });
    }
  });
});

/** Waits until the API server goes by these Roles and ClusterRoles of the account, or no longer does. */
function untilRoles(
  { apiServer }: InstallCluster,
  roles: readonly (Manifest & { rules: readonly Rule[] })[],
  allowed = true,
): Promise<void> {
  const accesses = roles.flatMap(({ rules, metadata }) =>
    rules.flatMap((rule) => accessesOf(rule, metadata.namespace)),
  );
  return untilAccess(apiServer.client, serviceAccount(account), accesses, allowed);
}

/** Lives through all that a shim does until it tells of a refusal, of the first resource of the rule. */
async function whatIsRefused(
  cluster: InstallCluster,
  shim: PodProcess,
  { resources }: Rule,
): Promise<string | undefined> {
  const { kubectl, life } = cluster;
  const plural = (resources[0] ?? '').split('/', 1)[0] ?? '';
  const refusal = () => shim.logged('answered 403').find((line) => line.includes(`/${plural}`));
  const orRefused = (is: () => Promise<boolean>) => async () => refusal() !== undefined || is();
  await until('the shim to lead', orRefused(shim.leads));
  await life.begin();
  await until('all to be written', orRefused(life.isSettled));
  await life.end();
  await until('the revision to go', orRefused(life.isOver));
  await until(
    `a refusal of ${plural}`,
    orRefused(() => Promise.resolve(false)),
  );
  await shim.process.stop('SIGKILL');
  // The next one makes it again, if it may.
  if ((await kubectl.get(lease)) !== undefined) await kubectl.delete(lease);
  return refusal();
}

function until(what: string, is: () => Promise<boolean>): Promise<true> {
  return waitFor(what, async () => (await is()) || undefined);
}

/** An Event that comes again is counted; the shim itself waits for minutes with it. */
async function tellTwice({ apiServer, kubectl }: InstallCluster): Promise<void> {
  const kubeconfig = await apiServer.kubeconfigFor(await requestToken(apiServer.client, account));
  const credentials = await loadKubeConfig({ kubeconfig, environment: {} });
  if (credentials === undefined) throw new Error('no credentials');
  const client = createKubeClient(credentials);
  const log = createFakeLog();
  const end = new AbortController();
  const writer = createEventWriter({ client, identity: 'test', clock, random: Math.random, log, seriesMs: 100 });
  const running = writer.run(end.signal);
  const resource = { kind: 'TailscaleEndpoints', namespace: 'team-a', name: 'well', uid: '1' } as const;
  const tell = () =>
    writer.tell({ resource, type: 'Normal', reason: 'Accepted', action: 'Reconcile', note: 'came again' });
  const kind = { apiVersion: 'events.k8s.io/v1', kind: 'Event' };
  const events = () => kubectl.list(kind, 'team-a');
  tell();
  await until('the Event', async () => (await events()).some((event) => event['note'] === 'came again'));
  tell();
  await until('the count', async () => (await events()).some((event) => event['series'] !== undefined));
  for (const { metadata } of await events()) await kubectl.delete({ ...kind, metadata });
  end.abort();
  await running;
  client.close();
  expect(log.lines).toEqual([]);
}
