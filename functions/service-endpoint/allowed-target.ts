import { type IpAddress, type IpRange, inRange, parseIpRange } from './ip-address.ts';

/** What an operator allows although it is refused by default. */
export interface AllowedTargets {
  allowsAddress(address: IpAddress): boolean;
  /** @param name in lower case, without a dot at the end */
  allowsName(name: string): boolean;
}

/**
 * Reads `allow_targets`: a CIDR or an address; a name, which stands for itself and what is under it; or a
 * suffix with a dot before it, which stands for what is under it alone. Entries that are none of these allow nothing.
 */
export function parseAllowedTargets(entries: readonly string[]): AllowedTargets {
  const ranges: IpRange[] = [];
  const names: string[] = [];
  for (const entry of entries) {
    const range = parseIpRange(entry);
    if (range === undefined) {
      names.push(entry.toLowerCase().replace(/\.$/, ''));
    } else {
      ranges.push(range);
    }
  }
  return {
    allowsAddress: (address) => ranges.some((range) => inRange(address, range)),
    allowsName: (name) => names.some((allowed) => isUnder(name, allowed)),
  };
}

/** Whether an entry of `allow_targets` can be understood. */
export function isAllowedTarget(entry: string): boolean {
  return parseIpRange(entry) !== undefined || /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(entry);
}

function isUnder(name: string, allowed: string): boolean {
  return allowed.startsWith('.')
    ? allowed !== '.' && name.endsWith(allowed)
    : allowed !== '' && (name === allowed || name.endsWith(`.${allowed}`));
}
