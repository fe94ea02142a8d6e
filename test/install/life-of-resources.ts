import type { Kubectl, Manifest } from '../cluster/kubectl.ts';
import { endpointsOf, gatewayOf } from '../cluster/manifests.ts';

/** All that a user's resources make a shim do, from the first to the last. */
export interface LifeOfResources {
  /** Endpoints that are well, others that are refused, and a tailnet. */
  begin(): Promise<void>;
  /** Whether all is written about them that is to be written. */
  isSettled(): Promise<boolean>;
  /** They go. */
  end(): Promise<void>;
  /** Whether what was written for them is gone too. */
  isOver(): Promise<boolean>;
}

interface Status {
  readonly conditions?: ReadonlyArray<{ readonly type: string; readonly status: string }>;
}

/** The Secret that the tailnet names. */
export const tailnetSecret = 'headscale';

/** In `namespace`, at a Gateway of its own, with headscale's API at `apiUrl`. */
export function lifeOfResources(options: {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly apiUrl: string;
  readonly apiKey: string;
}): LifeOfResources {
  const { kubectl, namespace, apiUrl, apiKey } = options;
  const refused = target('refused', '169.254.169.254:80');
  const well = endpointsOf('well', [target('well', 'example.com:80')], namespace);
  const unwell = endpointsOf('unwell', [target('beside', 'example.com:80'), refused], namespace);
  const tailnet: Manifest = {
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleTailnet',
    metadata: { name: 'own', namespace },
    spec: { kind: 'headscale', apiURL: apiUrl, apiKeySecretRef: { name: tailnetSecret } },
  };
  const gateway = gatewayOf(80, 'gateway', namespace);
  const revision = {
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleGatewayRevision',
    metadata: gateway.metadata,
  };
  const secret: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: tailnetSecret, namespace },
    stringData: { 'api-key': apiKey },
  };

  async function hasCondition(of: Manifest, type: string, status: string): Promise<boolean> {
    const found = (await kubectl.get(of))?.['status'] as Status | undefined;
    return found?.conditions?.some((each) => each.type === type && each.status === status) ?? false;
  }

  return {
    begin: () => kubectl.apply(gateway, secret, well, unwell, tailnet),
    async isSettled() {
      const events = await kubectl.list({ apiVersion: 'events.k8s.io/v1', kind: 'Event' }, namespace);
      const found = await Promise.all([
        hasCondition(well, 'Accepted', 'True'),
        hasCondition(unwell, 'Accepted', 'False'),
        hasCondition(tailnet, 'Ready', 'True'),
      ]);
      return events.length > 0 && !found.includes(false) && (await kubectl.get(revision)) !== undefined;
    },
    async end() {
      for (const each of [well, unwell, tailnet]) await kubectl.delete(each);
    },
    isOver: async () => (await kubectl.get(revision)) === undefined,
  };
}

function target(name: string, externalTarget: string): object {
  return { name, port: 80, protocol: 'HTTP', externalTarget };
}
