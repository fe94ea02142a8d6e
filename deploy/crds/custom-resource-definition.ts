import type { z } from 'zod';
import {
  policyStatusSchema,
  tailscaleEndpointsStatusSchema,
  tailscaleTailnetStatusSchema,
} from '../../shim/custom-resources/status-schemas.ts';
import { tailscaleEndpointsSpecSchema } from '../../shim/custom-resources/tailscale-endpoints-schema.ts';
import { tailscaleGatewayRevisionSpecSchema } from '../../shim/custom-resources/tailscale-gateway-revision-schema.ts';
import { tailscaleRoutePolicySpecSchema } from '../../shim/custom-resources/tailscale-route-policy-schema.ts';
import { tailscaleTailnetSpecSchema } from '../../shim/custom-resources/tailscale-tailnet-schema.ts';
import { toStructuralSchema } from './structural-schema.ts';

const group = 'gateway.tailscale.com';

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
}

const condition = (name: string, description: string): Column => ({
  name,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${name}")].status`,
  description,
});

const field = (name: string, type: string, jsonPath: string, description: string): Column => ({
  name,
  type,
  jsonPath,
  description,
});

const age: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Age of the resource.',
};

const definitions: readonly Definition[] = [
  {
    kind: 'TailscaleEndpoints',
    plural: 'tailscaleendpoints',
    shortName: 'tse',
    description:
      'Services outside of the cluster or on the tailnet that gateways of Envoy Gateway reach under `/api/{service}`, and that HTTPRoutes and GRPCRoutes may name as backends.',
    spec: tailscaleEndpointsSpecSchema,
    status: tailscaleEndpointsStatusSchema,
    columns: [
      condition('Accepted', 'Whether all of it is as it should be.'),
      condition('Programmed', 'Whether gateways are told of it.'),
      field('Total', 'integer', '.status.totalEndpoints', 'Hosts of all endpoints.'),
      field('Healthy', 'integer', '.status.healthyEndpoints', 'Hosts that get requests, as far as is known.'),
      age,
    ],
  },
  {
    kind: 'TailscaleRoutePolicy',
    plural: 'tailscaleroutepolicies',
    shortName: 'tsrp',
    description:
      'Which Gateways and routes get the routes of which TailscaleEndpoints, and how requests are forwarded there.',
    spec: tailscaleRoutePolicySpecSchema,
    status: policyStatusSchema,
    columns: [
      field('Target', 'string', '.spec.targetRefs[*].name', 'What it applies to.'),
      field('Prefix', 'string', '.spec.pathPrefix', 'Path before the name of the service.'),
      age,
    ],
  },
  {
    kind: 'TailscaleGatewayRevision',
    plural: 'tailscalegatewayrevisions',
    shortName: 'tsgr',
    description:
      'The revision of what is injected into a Gateway. Tailway owns it: its change makes Envoy Gateway translate again.',
    spec: tailscaleGatewayRevisionSpecSchema,
    status: policyStatusSchema,
    columns: [
      field('Gateway', 'string', '.spec.targetRefs[0].name', 'The Gateway that it is about.'),
      field('Revision', 'string', '.spec.revision', 'Hash of what is injected.'),
      age,
    ],
  },
  {
    kind: 'TailscaleTailnet',
    plural: 'tailscaletailnets',
    shortName: 'tst',
    description: 'How the devices of a tailnet are read.',
    spec: tailscaleTailnetSpecSchema,
    status: tailscaleTailnetStatusSchema,
    columns: [
      field('Kind', 'string', '.spec.kind', 'What serves the API.'),
      field('Tailnet', 'string', '.spec.tailnet', 'Name of the tailnet.'),
      condition('Ready', 'Whether the devices were read last time.'),
      field('Devices', 'integer', '.status.devices', 'Devices that count.'),
      field('Synced', 'date', '.status.lastSync', 'When the devices were read last.'),
      age,
    ],
  },
];

/** A CustomResourceDefinition, and the name of its file. */
export interface DefinitionFile {
  readonly file: string;
  readonly definition: object;
}

/** The CustomResourceDefinitions of all kinds of `gateway.tailscale.com`. */
export function buildDefinitions(): DefinitionFile[] {
  return definitions.map((each) => ({ file: `${group}_${each.plural}.yaml`, definition: buildDefinition(each) }));
}

function buildDefinition({ kind, plural, shortName, columns, ...schemas }: Definition): object {
  const names = {
    kind,
    listKind: `${kind}List`,
    plural,
    singular: kind.toLowerCase(),
    shortNames: [shortName],
    categories: ['tailscale', 'gateway-api'],
  };
  const version = {
    name: 'v1alpha1',
    served: true,
    storage: true,
    additionalPrinterColumns: columns,
    subresources: { status: {} },
    schema: { openAPIV3Schema: buildSchema(schemas) },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: policyLabels[kind] },
    spec: { group, scope: 'Namespaced', names, versions: [version] },
  };
}

/** Which kinds are policies of the Gateway API, for its tools. */
const policyLabels: Readonly<Record<string, object | undefined>> = {
  TailscaleRoutePolicy: { 'gateway.networking.k8s.io/policy': 'Direct' },
  TailscaleGatewayRevision: { 'gateway.networking.k8s.io/policy': 'Direct' },
};

function buildSchema({ description, spec, status }: Pick<Definition, 'description' | 'spec' | 'status'>): object {
  return {
    description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: { type: 'object' },
      spec: toStructuralSchema(spec),
      status: toStructuralSchema(status),
    },
  };
}
