import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createStops } from '../cluster/stops.ts';
import { type Helm, createHelm } from './helm.ts';
import { render } from './value-sets.ts';

describe('values that are refused before anything is installed', () => {
  const stops = createStops();
  let helm: Helm;
  let folder: string;
  beforeAll(async () => {
    folder = await stops.folder();
    helm = createHelm({ binary: inject('tools').helm, folder });
  });
  afterAll(() => stops[Symbol.asyncDispose]());

  it.each([
    { name: 'a key that is not there', values: { replicas: 2 }, error: /'replicas' not allowed/ },
    { name: 'a key within another', values: { image: { tags: 'x' } }, error: /at '\/image'.*'tags' not allowed/ },
    {
      name: 'a setting that is not there',
      values: { settings: { 'pol-interval': '1s' } },
      error: /at '\/settings'.*'pol-interval' not allowed/,
    },
    {
      name: 'a setting that the chart sets',
      values: { settings: { 'xds-port': 1 } },
      error: /at '\/settings'.*'xds-port' not allowed/,
    },
    {
      name: 'a duration without its unit',
      values: { settings: { 'poll-interval': 30 } },
      error: /at '\/settings\/poll-interval'.*got number, want string/,
    },
    {
      name: 'the word off, which is a boolean in YAML',
      values: { settings: { kubernetes: false } },
      error: /at '\/settings\/kubernetes'.*got boolean, want string/,
    },
    { name: 'a secret', values: { credentials: { token: 'x' } }, error: /at '\/credentials'.*'token' not allowed/ },
    { name: 'no replicas', values: { replicaCount: 0 }, error: /at '\/replicaCount'/ },
    { name: 'text for a number', values: { replicaCount: 'two' }, error: /at '\/replicaCount'.*want integer/ },
    { name: 'text for a list', values: { namespaces: 'team-a' }, error: /at '\/namespaces'.*want array/ },
    { name: 'no name of a namespace', values: { namespaces: ['Team_A'] }, error: /at '\/namespaces\/0'/ },
    { name: 'a port too high', values: { service: { ports: { xds: 65536 } } }, error: /at '\/service\/ports\/xds'/ },
    { name: 'a digest without its kind', values: { image: { digest: '0000' } }, error: /at '\/image\/digest'/ },
    { name: 'a host for an address', values: { bindAddress: 'localhost' }, error: /at '\/bindAddress'/ },
    { name: 'an argument that is no flag', values: { extraArgs: ['demo'] }, error: /at '\/extraArgs\/0'/ },
    { name: 'an address that is none', values: { bindAddress: '999.1.1.1' }, error: /at '\/bindAddress'/ },
    { name: 'a domain that is none', values: { clusterDomain: 'a b/' }, error: /at '\/clusterDomain'/ },
    {
      name: 'a Service that begins with a digit',
      values: { fullnameOverride: '1st' },
      error: /at '\/fullnameOverride'/,
    },
    {
      name: 'no account of Envoy Gateway',
      values: { envoyGateway: { serviceAccount: 'Bad Name' } },
      error: /at '\/envoyGateway\/serviceAccount'/,
    },
    { name: 'a namespace twice', values: { namespaces: ['a', 'a'] }, error: /at '\/namespaces'.*equal/ },
    {
      name: 'Secrets where no TailscaleTailnet counts',
      values: { namespaces: ['team-a'], tailnets: { secrets: { 'team-b': ['lab'] } } },
      error: /tailnets\.secrets: team-b is not one of namespaces/,
    },
    {
      name: 'a label that the Pods are found by',
      values: { podLabels: { 'app.kubernetes.io/name': 'x' } },
      error: /podLabels: the label app\.kubernetes\.io\/name/,
    },
    {
      name: 'such a label of the ServiceMonitor',
      values: { serviceMonitor: { enabled: true, labels: { 'app.kubernetes.io/instance': 'x' } } },
      error: /serviceMonitor\.labels: the label app\.kubernetes\.io\/instance/,
    },
    {
      name: 'an extension manager beside that of the chart',
      values: { envoyGateway: { writeConfig: true, config: { extensionManager: {} } } },
      error: /envoyGateway\.config: extensionManager is written by the chart/,
    },
    {
      name: 'no time to end',
      values: { preStopSeconds: 30, terminationGracePeriodSeconds: 30 },
      error: /terminationGracePeriodSeconds: must be more than preStopSeconds/,
    },
    {
      name: 'no account',
      values: { serviceAccount: { create: false } },
      error: /serviceAccount\.name: name the account to use/,
    },
  ])('$name', async ({ values, error }) => {
    await expect(render(helm, folder, values)).rejects.toThrow(error);
  });

  it('an API server that is too old', async () => {
    await expect(helm('template', 'tailway', 'deploy/helm/tailway', '--kube-version=1.29.0')).rejects.toThrow(
      /requires kubeVersion/,
    );
  });
});
