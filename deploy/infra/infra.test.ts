import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadKubeConfig } from '../../shim/kubernetes/kube-config.ts';
import { readSettings } from './settings.ts';

const project = 'tailway-demo';
const regions = { east: 'us-east-1', west: 'us-west-2' };

const created: pulumi.runtime.MockResourceArgs[] = [];
let outputs: Record<string, string>;

/** The resources of a kind in a cluster: its provider's. */
function resources(type: string, locality: 'east' | 'west') {
  const ofProvider = `::${locality}::`;
  const found = created.filter((each) => each.type === type && `${each.provider}::`.includes(ofProvider));
  return found.map(({ inputs }) => inputs as Record<string, unknown>);
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => void output.apply(resolve));
}

beforeAll(async () => {
  pulumi.runtime.setAllConfig({ [`${project}:publicAccessCidrs`]: '["203.0.113.4/32"]', [`${project}:nodes`]: '3' });
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        created.push(args);
        const { name, type, inputs } = args;
        const made = { id: `${name}-id`, arn: `arn:aws:test::${name}`, name };
        const answers: Record<string, object> = {
          'aws:eks/cluster:Cluster': { endpoint: `https://${name}.eks.test`, certificateAuthority: { data: 'Y2E=' } },
        };
        return { id: made.id, state: { ...made, ...answers[type], ...inputs } };
      },
      call({ token, inputs, provider }) {
        if (token !== 'aws:index/getAvailabilityZones:getAvailabilityZones') return inputs;
        const region = provider?.includes('::east::') === true ? regions.east : regions.west;
        return { names: ['a', 'b', 'c'].map((zone) => `${region}${zone}`) };
      },
    },
    project,
    'test',
  );
  const main = await import('./main.ts');
  outputs = Object.fromEntries(
    await Promise.all(Object.entries(main).map(async ([key, output]) => [key, await valueOf(output)] as const)),
  );
  // Resolves once every resource is made.
  await pulumi.runtime.disconnect();
});

describe.each(['east', 'west'] as const)('the cluster in %s', (locality) => {
  const name = `lbr-envoy-${locality}`;

  it('is in its region, under the name of the walk-through', () => {
    expect(created).toContainEqual(
      expect.objectContaining({
        type: 'pulumi:providers:aws',
        name: locality,
        inputs: expect.objectContaining({ region: regions[locality] }),
      }),
    );
    expect(resources('aws:eks/cluster:Cluster', locality)).toEqual([expect.objectContaining({ name })]);
    expect(outputs[`${locality}Name`]).toBe(name);
  });

  it('is reached from the networks that were named, and from its own', () => {
    const [cluster] = resources('aws:eks/cluster:Cluster', locality);
    expect(cluster).toMatchObject({
      vpcConfig: {
        endpointPrivateAccess: true,
        endpointPublicAccess: true,
        publicAccessCidrs: ['203.0.113.4/32'],
      },
      accessConfig: { authenticationMode: 'API' },
    });
  });

  it('has nodes of the configured number in private subnets', () => {
    const privateIds = [0, 1].map((zone) => `${name}-private-${zone}-id`);
    expect(resources('aws:eks/nodeGroup:NodeGroup', locality)).toEqual([
      expect.objectContaining({
        clusterName: name,
        instanceTypes: ['t3.medium'],
        scalingConfig: { minSize: 2, desiredSize: 3, maxSize: 4 },
        subnetIds: privateIds,
      }),
    ]);
    const subnets = resources('aws:ec2/subnet:Subnet', locality);
    expect(subnets).toHaveLength(4);
    expect(subnets.filter(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch !== false)).toEqual([]);
    expect(new Set(subnets.map(({ availabilityZone }) => availabilityZone))).toEqual(
      new Set([`${regions[locality]}a`, `${regions[locality]}b`]),
    );
    const blocks = subnets.map(({ cidrBlock }) => String(cidrBlock));
    const network = locality === 'east' ? '10.0.' : '10.1.';
    expect(new Set(blocks).size).toBe(4);
    expect(blocks.filter((block) => !block.startsWith(network))).toEqual([]);
  });

  it('opens no way in: the only route from the internet ends at the NAT gateway', () => {
    const routes = resources('aws:ec2/routeTableAssociation:RouteTableAssociation', locality);
    const ofInternet = routes.filter(({ routeTableId }) => routeTableId === `${name}-public-id`);
    expect(ofInternet.map(({ subnetId }) => subnetId)).toEqual([0, 1].map((zone) => `${name}-public-${zone}-id`));
    expect(routes).toHaveLength(4);
    expect(resources('aws:ec2/natGateway:NatGateway', locality)).toEqual([
      expect.objectContaining({ subnetId: `${name}-public-0-id` }),
    ]);
    const types = new Set(created.map(({ type }) => type));
    expect([...types].filter((type) => /securityGroup|instance:|lb\//i.test(type))).toEqual([]);
  });

  it('is found by a kubeconfig without a secret', async () => {
    const kubeconfig = outputs[`${locality}Kubeconfig`] ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'tailway-infra-'));
    try {
      const file = join(folder, 'kubeconfig');
      await writeFile(file, kubeconfig);
      const loaded = await loadKubeConfig({ kubeconfig: file, environment: {} });
      expect(loaded?.server.href).toBe(`https://${name}.eks.test/`);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(JSON.parse(kubeconfig)).toMatchObject({
      'current-context': name,
      users: [{ user: { exec: { args: expect.arrayContaining(['get-token', name, regions[locality]]) } } }],
    });
    expect(kubeconfig).not.toMatch(/"token"|password|client-key/);
  });
});

it('makes nothing outside of the two regions', () => {
  const places = created.filter(({ type }) => type.startsWith('aws:')).map(({ provider }) => provider ?? '');
  expect(places.filter((provider) => !/::(east|west)(::|$)/.test(provider))).toEqual([]);
});

describe('the settings', () => {
  const read = (values: Readonly<Record<string, unknown>>) =>
    readSettings({
      // Each key is asked for in the type that it has here.
      get: (key) => values[key] as string | undefined,
      getNumber: (key) => values[key] as number | undefined,
      getObject: (key) => values[key],
    });

  it('have defaults, but for who may reach the clusters', () => {
    expect(read({ publicAccessCidrs: [] })).toEqual({
      namePrefix: 'lbr-envoy',
      kubernetesVersion: undefined,
      instanceType: 't3.medium',
      nodes: { min: 2, desired: 2, max: 3 },
      publicAccessCidrs: [],
    });
  });

  it.each([
    { name: 'no networks', values: {}, error: /publicAccessCidrs must list/ },
    { name: 'a network that is none', values: { publicAccessCidrs: ['203.0.113.4'] }, error: /publicAccessCidrs/ },
    { name: 'no nodes', values: { publicAccessCidrs: [], nodes: 0 }, error: /nodes must be/ },
    { name: 'fewer than the least', values: { publicAccessCidrs: [], nodes: 2, minNodes: 3 }, error: /nodes must be/ },
    { name: 'a version', values: { publicAccessCidrs: [], kubernetesVersion: 'v1' }, error: /kubernetesVersion/ },
    { name: 'a prefix', values: { publicAccessCidrs: [], namePrefix: 'a_b' }, error: /namePrefix/ },
    { name: 'a type', values: { publicAccessCidrs: [], instanceType: 'big' }, error: /instanceType/ },
  ])('are refused: $name', ({ values, error }) => {
    expect(() => read(values)).toThrow(error);
  });
});
