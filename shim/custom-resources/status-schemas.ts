import { z } from 'zod';
import { text, wholeNumber } from './field-schemas.ts';

const time = (description: string) => z.iso.datetime().meta({ description });

/** One condition, as Kubernetes' own. */
const conditionSchema = z
  .strictObject({
    type: z.string().max(316).meta({ description: 'What it is about, such as Accepted.' }),
    status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether it holds.' }),
    reason: text(
      1024,
      /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/,
      'must be a word in CamelCase',
      'Why, as one word for programs.',
    ),
    message: z.string().max(32_768).meta({ description: 'Why, as sentences for people.' }),
    lastTransitionTime: time('When `status` changed last.'),
    observedGeneration: z.int().min(0).meta({ description: 'Generation of the resource that it is about.' }).optional(),
  })
  .meta({ description: 'One aspect of the state of the resource.' });

/** The conditions of a status. */
function conditionsSchema(description: string) {
  return z
    .array(conditionSchema)
    .max(16)
    .meta({ description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
}

const ancestorRef = z
  .strictObject({
    group: z.string().meta({ description: 'Group of the ancestor.' }).optional(),
    kind: z.string().meta({ description: 'Kind of the ancestor.' }).optional(),
    namespace: z.string().meta({ description: 'Namespace of the ancestor.' }).optional(),
    name: z.string().meta({ description: 'Name of the ancestor.' }),
    sectionName: z.string().meta({ description: 'Listener of the ancestor.' }).optional(),
    port: wholeNumber(1, 65535, 'Port of the ancestor.').optional(),
  })
  .meta({ description: 'A Gateway that the policy has to do with.' });

const ancestor = z
  .strictObject({
    ancestorRef,
    controllerName: z.string().meta({ description: 'Who wrote this entry.' }),
    conditions: conditionsSchema('What is the case with this ancestor.').optional(),
  })
  .meta({ description: 'What one Gateway makes of the policy.' });

/**
 * The status of a policy, which Envoy Gateway writes and overwrites.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#policystatus
 */
export const policyStatusSchema = z
  .strictObject({
    ancestors: z
      .array(ancestor)
      .max(16)
      .meta({ description: 'What each Gateway makes of the policy.', 'x-kubernetes-list-type': 'atomic' })
      .optional(),
  })
  .meta({ description: 'What is the case. Envoy Gateway owns it.' });

/** A condition of a status. */
export type Condition = z.output<typeof conditionSchema>;

const weightSources = ['Resource', 'Tag', 'Attribute', 'Sum', 'Default'] as const;
const healths = ['Healthy', 'Unhealthy', 'Unknown'] as const;

const count = (description: string) => z.int().min(0).max(2_147_483_647).meta({ description });

const locality = z
  .strictObject({
    region: z.string().meta({ description: 'The discovery tag; empty: the hosts without one.' }),
    zone: z.string().meta({ description: 'Attribute `custom:lb-zone` of the device.' }).optional(),
    priority: count('Failover level from 0, the first that is used.'),
    weight: count('Weight of the locality among those of its priority.'),
    weightSource: z.enum(weightSources).meta({ description: 'Where the weight of the locality came from.' }),
  })
  .meta({ description: 'Where the host counts.' });

const endpointStatus = z
  .strictObject({
    name: z.string().meta({ description: 'Name of the endpoint.' }),
    device: z.string().meta({ description: 'Name of the device of the tailnet.' }).optional(),
    address: z.string().meta({ description: '`host:port` that requests go to.' }).optional(),
    weight: count('Weight of the host.').optional(),
    weightSource: z.enum(weightSources).meta({ description: 'Where the weight came from.' }).optional(),
    locality: locality.optional(),
    health: z.enum(healths).meta({
      description:
        'What the tailnet tells: Unhealthy where the host is left out. Unknown: Envoy alone finds out, by its own checks.',
    }),
    reason: z.string().meta({ description: 'Why the host is left out, as one word.' }).optional(),
    message: z.string().meta({ description: 'Why the host is left out, or how its addresses are found.' }).optional(),
  })
  .meta({ description: 'One host of one endpoint.' });

/** The status of a TailscaleEndpoints. */
export const tailscaleEndpointsStatusSchema = z
  .strictObject({
    conditions: conditionsSchema('Accepted, ResolvedRefs and Programmed.').optional(),
    discoveredEndpoints: count('Hosts that were found on the tailnet, by a selector or by autoDiscovery.').optional(),
    totalEndpoints: count('Hosts of all endpoints, those that are left out included.').optional(),
    healthyEndpoints: count('Hosts that get requests, as far as is known.').optional(),
    lastSync: time('When the status changed last.').optional(),
    endpointStatus: z
      .array(endpointStatus)
      .max(1000)
      .meta({
        description: 'The hosts, ordered by endpoint; of more than 1000 the first ones.',
        'x-kubernetes-list-type': 'atomic',
      })
      .optional(),
  })
  .meta({ description: 'What is the case.' });

/** The status of a TailscaleEndpoints. */
export type TailscaleEndpointsStatus = z.output<typeof tailscaleEndpointsStatusSchema>;

/** The status of a TailscaleTailnet. */
export const tailscaleTailnetStatusSchema = z
  .strictObject({
    conditions: conditionsSchema(
      'Accepted: whether the resource is as it should be; ResolvedRefs: whether its Secret has the credentials; Ready: whether the devices were read last time.',
    ).optional(),
    devices: count('Devices that count, those of the last good reading while there is no newer one.').optional(),
    lastSync: time('When the devices were read last.').optional(),
  })
  .meta({ description: 'What is the case.' });

/** The status of a TailscaleTailnet. */
export type TailscaleTailnetStatus = z.output<typeof tailscaleTailnetStatusSchema>;
