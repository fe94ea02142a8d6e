import { z } from 'zod';
import type { Definition } from '../../shim/settings/definition.ts';
import { definitions } from '../../shim/settings/definitions.ts';

/** The flags that the chart sets by values of its own, and those that make no sense in a cluster. */
const chartFlags: ReadonlySet<string> = new Set([
  'bind-address',
  'grpc-port',
  'xds-port',
  'xds-target',
  'health-probe-bind-address',
  'metrics-bind-address',
  'namespaces',
  'state-dir',
  'kubeconfig',
  'resources',
]);

const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
/** A Service's name begins with a letter. */
const serviceName = z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
const domain = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
const optionalName = z.string().regex(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$/);
const text = z.string();
const port = z.int().min(1).max(65535);
const quantity = z.union([z.string(), z.number()]);
const names = z.array(dnsLabel).meta({ uniqueItems: true });
const map = z.record(z.string(), z.string());
/** Of Kubernetes, checked by the API server. */
const anyObject = z.record(z.string(), z.unknown());
const objects = z.array(anyObject);

const values = z.strictObject({
  // What a parent chart gives to all of its charts.
  global: anyObject.optional(),
  replicaCount: z.int().min(1),
  image: z.strictObject({
    repository: z.string().min(1),
    tag: z.string(),
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: z.array(z.strictObject({ name: z.string().min(1) })),
  fullnameOverride: z.union([serviceName, z.literal('')]),
  clusterDomain: domain,
  credentials: z.strictObject({ existingSecret: optionalName }),
  settings: z.strictObject(settingFields()),
  extraArgs: z.array(z.string().regex(/^--/)),
  extraEnv: objects,
  tailnets: z.strictObject({
    enabled: z.boolean(),
    secrets: z.record(dnsLabel, z.array(domain).min(1).meta({ uniqueItems: true })),
    allSecrets: z.boolean(),
  }),
  namespaces: names,
  state: z.strictObject({ enabled: z.boolean(), sizeLimit: quantity }),
  bindAddress: z.union([z.ipv4(), z.ipv6()]),
  service: z.strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
    ipFamilyPolicy: z.enum(['', 'SingleStack', 'PreferDualStack', 'RequireDualStack']),
    ipFamilies: z.array(z.enum(['IPv4', 'IPv6'])),
    annotations: map,
    ports: z.strictObject({ hooks: port, xds: port, metrics: port }),
  }),
  xds: z.strictObject({ target: text }),
  serviceAccount: z.strictObject({ create: z.boolean(), name: optionalName, annotations: map }),
  rbac: z.strictObject({ create: z.boolean(), aggregateToUserRoles: z.boolean() }),
  crds: z.strictObject({ install: z.boolean() }),
  envoyGateway: z.strictObject({
    namespace: dnsLabel,
    serviceAccount: domain,
    rbac: z.strictObject({ create: z.boolean(), namespaces: names }),
    writeConfig: z.boolean(),
    configMap: domain,
    config: anyObject,
  }),
  podDisruptionBudget: z.strictObject({
    enabled: z.boolean(),
    maxUnavailable: z.union([z.int().min(1), z.string().regex(/^\d+%$/)]),
  }),
  networkPolicy: z.strictObject({
    enabled: z.boolean(),
    xdsFrom: objects,
    metricsFrom: objects,
    egressPorts: z.array(port).meta({ uniqueItems: true }),
    extraIngress: objects,
    extraEgress: objects,
  }),
  serviceMonitor: z.strictObject({
    enabled: z.boolean(),
    interval: z.string().regex(/^\d+(ms|s|m|h)$/),
    labels: map,
  }),
  resources: anyObject.optional(),
  nodeOptions: text,
  preStopSeconds: z.int().min(0),
  terminationGracePeriodSeconds: z.int().min(0),
  podAnnotations: map,
  podLabels: map,
  priorityClassName: text,
  nodeSelector: map,
  tolerations: objects,
  affinity: anyObject.optional(),
  topologySpreadConstraints: objects,
  podSecurityContext: anyObject.optional(),
  securityContext: anyObject.optional(),
  extraVolumes: objects,
  extraVolumeMounts: objects,
  extraContainers: objects,
});

/** The JSON schema that helm checks the chart's values with: a key that is not there is refused. */
export function buildValuesSchema(): object {
  return {
    ...z.toJSONSchema(values, {
      target: 'draft-7',
      io: 'input',
      reused: 'ref',
      override({ jsonSchema }) {
        // The bounds of a safe integer say nothing here.
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      },
    }),
    title: 'Values of the chart tailway',
  };
}

/** A field for each flag, so that a misspelt one is refused before anything is installed; its value is the shim's to check. */
function settingFields(): Record<string, z.ZodType> {
  const all: readonly Definition<unknown>[] = Object.values(definitions);
  const fields: Record<string, z.ZodType> = {};
  for (const definition of all) {
    const { flag, help } = definition;
    if (flag === undefined || chartFlags.has(flag)) continue;
    // In helm's YAML `off` is a boolean and `30` a number: where they are no values, that is said.
    const type = [
      'string',
      'array',
      ...(takes(definition, 'true') ? ['boolean'] : []),
      ...(['1', '10', '1000'].some((text) => takes(definition, text)) ? ['number'] : []),
    ];
    fields[flag] = z.unknown().meta({ type, description: help }).optional();
  }
  return fields;
}

function takes({ parse }: Definition<unknown>, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
