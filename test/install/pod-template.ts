import type { Manifest } from '../cluster/kubectl.ts';

/** A container as the chart writes it. */
export interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
}

/** A variable with its value, or with a key of a Secret. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}

interface PodTemplate {
  readonly metadata: object;
  readonly spec: { readonly serviceAccountName: string; readonly containers: readonly Container[] };
}

function templateOf({ spec }: Manifest): PodTemplate {
  return (spec as { template: PodTemplate }).template;
}

/** A Pod as the Deployment's controllers would make it. */
export function podOf(deployment: Manifest): Manifest {
  const { metadata, spec } = templateOf(deployment);
  const { name, namespace = 'default' } = deployment.metadata;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `${name}-0`, namespace }, spec };
}

/** The one container of a Deployment, and the account that it runs under. */
export function containerOf(deployment: Manifest): { readonly container: Container; readonly serviceAccount: string } {
  const { containers, serviceAccountName } = templateOf(deployment).spec;
  const [container] = containers;
  if (container === undefined || containers.length > 1) throw new Error('not one container');
  return { container, serviceAccount: serviceAccountName };
}
