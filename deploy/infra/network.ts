import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

/** The network of one cluster. */
export interface Network {
  readonly vpcId: pulumi.Output<string>;
  /** For nodes: they reach the internet, nobody there reaches them. */
  readonly privateSubnetIds: readonly pulumi.Output<string>[];
  /** Resolves routes to the internet: nodes cannot join before. */
  readonly ready: readonly pulumi.Resource[];
}

/** A subnet for each of two zones: EKS wants two. */
const zoneCount = 2;

/**
 * Two zones with a private and a public subnet each; in the public ones there is but the NAT gateway, one for both, since the
 * demo does not outlive a zone's failure anyway.
 */
export function createNetwork(name: string, cidr: string, opts: pulumi.CustomResourceOptions): Network {
  const tags = (part: string) => ({ Name: `${name}-${part}` });
  const vpc = new aws.ec2.Vpc(
    name,
    { cidrBlock: cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
    opts,
  );
  const { names } = aws.getAvailabilityZonesOutput(
    { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
    opts,
  );
  const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id, tags: tags('internet') }, opts);
  const publicRoutes = new aws.ec2.RouteTable(
    `${name}-public`,
    { vpcId: vpc.id, routes: [{ cidrBlock: '0.0.0.0/0', gatewayId: gateway.id }], tags: tags('public') },
    opts,
  );
  const subnet = (kind: 'public' | 'private', zone: number, third: number) =>
    new aws.ec2.Subnet(
      `${name}-${kind}-${zone}`,
      {
        vpcId: vpc.id,
        availabilityZone: names.apply((all) => zoneOf(all, zone)),
        cidrBlock: cidr.replace(/^(\d+\.\d+)\..*$/, `$1.${third}.0/20`),
        mapPublicIpOnLaunch: false,
        tags: tags(`${kind}-${zone}`),
      },
      opts,
    );
  const zones = Array.from({ length: zoneCount }, (_, zone) => zone);
  const publicSubnets = zones.map((zone) => subnet('public', zone, 128 + 16 * zone));
  const privateSubnets = zones.map((zone) => subnet('private', zone, 16 * zone));

  const address = new aws.ec2.Eip(`${name}-nat`, { domain: 'vpc', tags: tags('nat') }, opts);
  const [first] = publicSubnets;
  if (first === undefined) throw new Error('there is no zone');
  const nat = new aws.ec2.NatGateway(
    name,
    { subnetId: first.id, allocationId: address.id, tags: tags('nat') },
    { ...opts, dependsOn: [gateway] },
  );
  const privateRoutes = new aws.ec2.RouteTable(
    `${name}-private`,
    { vpcId: vpc.id, routes: [{ cidrBlock: '0.0.0.0/0', natGatewayId: nat.id }], tags: tags('private') },
    opts,
  );
  const associate = (kind: string, subnets: readonly aws.ec2.Subnet[], routes: aws.ec2.RouteTable) =>
    subnets.map(
      (each, zone) =>
        new aws.ec2.RouteTableAssociation(
          `${name}-${kind}-${zone}`,
          { subnetId: each.id, routeTableId: routes.id },
          opts,
        ),
    );
  return {
    vpcId: vpc.id,
    privateSubnetIds: privateSubnets.map(({ id }) => id),
    ready: [
      ...associate('public', publicSubnets, publicRoutes),
      ...associate('private', privateSubnets, privateRoutes),
    ],
  };
}

function zoneOf(zones: readonly string[], index: number): string {
  const zone = zones[index];
  if (zone === undefined) throw new Error(`the region has ${zones.length} zones, and EKS needs ${zoneCount}`);
  return zone;
}
