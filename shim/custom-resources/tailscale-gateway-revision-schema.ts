import { z } from 'zod';
import { text } from './field-schemas.ts';
import { targetRefsSchema } from './tailscale-route-policy-schema.ts';

/**
 * `spec` of a TailscaleGatewayRevision, `gateway.tailscale.com/v1alpha1`: the machine-owned policy whose change makes
 * Envoy Gateway translate again.
 */
export const tailscaleGatewayRevisionSpecSchema = z
  .strictObject({
    targetRefs: targetRefsSchema.meta({ description: 'The Gateway that the revision is about.' }),
    revision: text(
      64,
      /^[-.0-9A-Za-z]*$/,
      'must be letters, digits, dots and hyphens',
      'Hash of what is injected into the Gateway: equal on every replica.',
    ),
  })
  .meta({ description: 'Written by Tailway; changes by others are overwritten.' });

/** `spec` of a TailscaleGatewayRevision. */
export type GatewayRevisionSpec = z.output<typeof tailscaleGatewayRevisionSpecSchema>;
