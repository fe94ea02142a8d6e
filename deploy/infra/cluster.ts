import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { kubeconfigOf } from './kubeconfig.ts';
import { createNetwork } from './network.ts';
import type { ClusterPlace, Settings } from './settings.ts';

/** What is told of a cluster when it is there. */
export interface DemoCluster {
  readonly name: pulumi.Output<string>;
  readonly nodeGroup: pulumi.Output<string>;
  /** Holds no secret: it asks `aws eks get-token`, with the rights of whoever uses it. */
  readonly kubeconfig: pulumi.Output<string>;
}

const nodePolicies = ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'];

/** A cluster with a network and a group of nodes of its own, named `<namePrefix>-<locality>`. */
export function createCluster(place: ClusterPlace, settings: Settings): DemoCluster {
  const name = `${settings.namePrefix}-${place.locality}`;
  const provider = new aws.Provider(place.locality, {
    region: place.region,
    defaultTags: { tags: { project: 'tailway-demo' } },
  });
  const opts = { provider };
  const network = createNetwork(name, place.cidr, opts);
  const control = createRole(`${name}-control`, 'eks.amazonaws.com', ['AmazonEKSClusterPolicy'], opts);
  const cluster = new aws.eks.Cluster(
    name,
    {
      name,
      roleArn: control.role.arn,
      ...(settings.kubernetesVersion === undefined ? {} : { version: settings.kubernetesVersion }),
      // Whoever creates it administers it; others get access entries.
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
      vpcConfig: {
        subnetIds: [...network.privateSubnetIds],
        endpointPrivateAccess: true,
        endpointPublicAccess: settings.publicAccessCidrs.length > 0,
        ...(settings.publicAccessCidrs.length > 0 ? { publicAccessCidrs: [...settings.publicAccessCidrs] } : {}),
      },
      enabledClusterLogTypes: ['audit', 'authenticator'],
    },
    { ...opts, dependsOn: [...control.rights] },
  );
  const node = createRole(`${name}-node`, 'ec2.amazonaws.com', nodePolicies, opts);
  const { min, desired, max } = settings.nodes;
  const group = new aws.eks.NodeGroup(
    name,
    {
      clusterName: cluster.name,
      nodeRoleArn: node.role.arn,
      subnetIds: [...network.privateSubnetIds],
      instanceTypes: [settings.instanceType],
      amiType: 'AL2023_x86_64_STANDARD',
      scalingConfig: { minSize: min, desiredSize: desired, maxSize: max },
      updateConfig: { maxUnavailable: 1 },
    },
    { ...opts, dependsOn: [...node.rights, ...network.ready] },
  );
  const kubeconfig = pulumi
    .all([cluster.name, cluster.endpoint, cluster.certificateAuthority.data])
    .apply(([cluster, server, ca]) => kubeconfigOf({ cluster, region: place.region, server, ca }));
  return { name: cluster.name, nodeGroup: group.nodeGroupName, kubeconfig };
}

/** A role of `service` with AWS's own policies; its rights must be there before it is used. */
function createRole(
  name: string,
  service: string,
  policies: readonly string[],
  opts: pulumi.CustomResourceOptions,
): { readonly role: aws.iam.Role; readonly rights: readonly pulumi.Resource[] } {
  const assumeRolePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
  const role = new aws.iam.Role(name, { assumeRolePolicy }, opts);
  const rights = policies.map(
    (policy) =>
      new aws.iam.RolePolicyAttachment(
        `${name}-${policy}`,
        { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
        opts,
      ),
  );
  return { role, rights };
}
