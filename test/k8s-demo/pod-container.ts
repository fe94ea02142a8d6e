import type { Manifest } from '../cluster/kubectl.ts';

/** What a container of a Deployment's Pod is started with. */
export interface PodContainer {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a Pod's variables refer to: Secrets by name and key, fields by their path. */
export interface PodValues {
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly fields: Readonly<Record<string, string>>;
}

interface ContainerManifest {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
      readonly secretKeyRef?: { readonly name: string; readonly key: string };
      readonly fieldRef?: { readonly fieldPath: string };
    };
  }[];
}

/** The containers of a Deployment, in order. */
export function containersOf(deployment: Manifest): readonly ContainerManifest[] {
  const { template } = deployment['spec'] as { template: { spec: { containers: readonly ContainerManifest[] } } };
  return template.spec.containers;
}

/**
 * What the kubelet would start the container `name` with. Rejects what no Secret or field has.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function readContainer(deployment: Manifest, name: string, values: PodValues): PodContainer {
  const container = containersOf(deployment).find((each) => each.name === name);
  if (container === undefined) throw new Error(`no container ${name}`);
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    const { secretKeyRef: secret, fieldRef: field } = valueFrom ?? {};
    const found =
      value ?? (secret && values.secrets[secret.name]?.[secret.key]) ?? values.fields[field?.fieldPath ?? ''];
    if (found === undefined) throw new Error(`${name} has no value: ${JSON.stringify(valueFrom)}`);
    env[name] = found;
  }
  const expand = (text: string) => text.replaceAll(/\$\((\w+)\)/g, (whole, variable: string) => env[variable] ?? whole);
  return { command: (container.command ?? []).map(expand), args: (container.args ?? []).map(expand), env };
}
