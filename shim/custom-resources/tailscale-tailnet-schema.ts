import { z } from 'zod';
import { celRules, duration, durationToMs, objectName, text } from './field-schemas.ts';

const secretKey = (description: string) => text(253, /^[-._a-zA-Z0-9]+$/, 'must be a key of a Secret', description);

const apiKey = z
  .strictObject({
    name: objectName('Name of a Secret of the namespace of the resource.'),
    key: secretKey('Key of the Secret that holds the API key.').default('api-key'),
  })
  .meta({ description: 'An API key.' });

const oauthClient = z
  .strictObject({
    name: objectName('Name of a Secret of the namespace of the resource.'),
    idKey: secretKey('Key of the Secret that holds the identifier of the client.').default('client-id'),
    secretKey: secretKey('Key of the Secret that holds the secret of the client.').default('client-secret'),
  })
  .meta({ description: 'An OAuth client of Tailscale, with the scope devices:core:read.' });

const shortestInterval = 'must be at least 1s';

const pollInterval = duration('Time between two looks at the devices, at least `1s`.')
  .refine((value) => durationToMs(value) >= 1000, shortestInterval)
  .meta({
    description: 'Time between two looks at the devices, at least `1s`. A duration such as `30s` or `1m30s`.',
    ...celRules({ rule: "duration(self) >= duration('1s')", message: shortestInterval }),
  });

const notAnOrigin = 'must be an origin such as https://headscale.example.com';

const apiURL = text(1024, /^https?:\/\/[^\s/?#@]+\/?$/, notAnOrigin, '')
  .refine((value) => URL.canParse(value), notAnOrigin)
  .meta({
    description: 'Origin of the API, without a path. Absent: that of Tailscale.',
    ...celRules({ rule: 'isURL(self)', message: notAnOrigin }),
  });

const oneCredential = 'must have exactly one of apiKeySecretRef and oauthClientSecretRef';
const headscaleNeeds = 'headscale needs apiURL and apiKeySecretRef';

/** `spec` of a TailscaleTailnet, `gateway.tailscale.com/v1alpha1`. */
export const tailscaleTailnetSpecSchema = z
  .strictObject({
    kind: z
      .enum(['tailscale', 'headscale'], { error: 'must be one of tailscale, headscale' })
      .meta({ description: 'What serves the API.' })
      .default('tailscale'),
    tailnet: text(
      253,
      /^[^\s/]+$/,
      'must be the name of a tailnet, such as example.com',
      'Name of the tailnet; `-`: the one that the credentials belong to.',
    ).default('-'),
    apiURL: apiURL.optional(),
    pollInterval: pollInterval.default('30s'),
    apiKeySecretRef: apiKey.optional(),
    oauthClientSecretRef: oauthClient.optional(),
  })
  .refine((spec) => (spec.apiKeySecretRef === undefined) !== (spec.oauthClientSecretRef === undefined), oneCredential)
  .refine(
    (spec) => spec.kind !== 'headscale' || (spec.apiURL !== undefined && spec.apiKeySecretRef !== undefined),
    headscaleNeeds,
  )
  .meta({
    description: 'What is wanted.',
    ...celRules(
      { rule: 'has(self.apiKeySecretRef) != has(self.oauthClientSecretRef)', message: oneCredential },
      { rule: "self.kind != 'headscale' || (has(self.apiURL) && has(self.apiKeySecretRef))", message: headscaleNeeds },
    ),
  });

/** `spec` of a TailscaleTailnet, with defaults. */
export type TailnetSpec = z.output<typeof tailscaleTailnetSpecSchema>;
