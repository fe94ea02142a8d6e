import { isIP } from 'node:net';

/** Where a cluster of the demo is. */
export interface ClusterPlace {
  readonly locality: 'east' | 'west';
  readonly region: 'us-east-1' | 'us-west-2';
  /** Addresses of its network, apart from the other's. */
  readonly cidr: string;
}

/** Sizes of both clusters, and who may reach them. */
export interface Settings {
  /** The clusters are `<namePrefix>-east` and `<namePrefix>-west`. */
  readonly namePrefix: string;
  /** Undefined: the newest that EKS makes by default. */
  readonly kubernetesVersion: string | undefined;
  readonly instanceType: string;
  readonly nodes: { readonly min: number; readonly desired: number; readonly max: number };
  /** The networks, in CIDR notation, from which the API servers can be reached over the internet; empty: from none. */
  readonly publicAccessCidrs: readonly string[];
}

/** The clusters of the walk-through. */
export const places = {
  east: { locality: 'east', region: 'us-east-1', cidr: '10.0.0.0/16' },
  west: { locality: 'west', region: 'us-west-2', cidr: '10.1.0.0/16' },
} as const satisfies Readonly<Record<string, ClusterPlace>>;

/** What is needed of `pulumi.Config`. */
export interface ConfigReader {
  get(key: string): string | undefined;
  getNumber(key: string): number | undefined;
  getObject(key: string): unknown;
}

/** Reads the stack's configuration. Throws with every setting that is none, and what it must be. */
export function readSettings(config: ConfigReader): Settings {
  const errors: string[] = [];
  const check = (key: string, good: boolean, remedy: string) =>
    void (good || errors.push(`tailway-demo:${key} ${remedy}`));

  const namePrefix = config.get('namePrefix') ?? 'lbr-envoy';
  // Its names get parts of their own after it; a role's has 64 characters at most.
  check('namePrefix', /^[a-zA-Z][-a-zA-Z0-9]{0,39}$/.test(namePrefix), 'must be 1 to 40 letters, digits and dashes');
  const kubernetesVersion = config.get('kubernetesVersion');
  check('kubernetesVersion', /^(1\.\d{2})?$/.test(kubernetesVersion ?? ''), 'must be a version such as 1.35');
  const instanceType = config.get('instanceType') ?? 't3.medium';
  check('instanceType', /^[a-z0-9-]+\.[a-z0-9-]+$/.test(instanceType), 'must be a type such as t3.medium');

  const desired = config.getNumber('nodes') ?? 2;
  const min = config.getNumber('minNodes') ?? Math.min(2, desired);
  const max = config.getNumber('maxNodes') ?? desired + 1;
  const whole = [min, desired, max].every((each) => Number.isInteger(each));
  check(
    'nodes',
    whole && min >= 1 && min <= desired && desired <= max,
    'must be whole, with 1 <= minNodes <= nodes <= maxNodes',
  );

  const cidrs = config.getObject('publicAccessCidrs');
  const publicAccessCidrs = Array.isArray(cidrs) ? cidrs.filter(isCidr) : [];
  check(
    'publicAccessCidrs',
    Array.isArray(cidrs) && publicAccessCidrs.length === cidrs.length,
    `must list the networks that may reach the API servers over the internet, [] for none: ` +
      `pulumi config set --path 'publicAccessCidrs[0]' 203.0.113.4/32`,
  );
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return { namePrefix, kubernetesVersion, instanceType, nodes: { min, desired, max }, publicAccessCidrs };
}

function isCidr(value: unknown): value is string {
  const [, address = '', bits] = typeof value === 'string' ? (/^([\d.]+)\/(\d{1,2})$/.exec(value) ?? []) : [];
  return isIP(address) === 4 && Number(bits) <= 32;
}
