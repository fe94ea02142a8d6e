import { compareText } from '../../functions/compare-text.ts';

/** A TailscaleTailnet, by the names that a TailscaleEndpoints of its namespace may give it. */
export interface NamedTailnet {
  /** Name of the resource. */
  readonly name: string;
  /** Its `spec.tailnet`; `-`: the tailnet is not named. */
  readonly tailnet: string;
}

/** The tailnets that devices are read from. */
export interface KnownTailnets {
  /** Names of the tailnets of the settings; `-` stands for every name; none: the settings name no source. */
  readonly tailnets: readonly string[];
  /** The TailscaleTailnets of a namespace; absent: there are none anywhere. */
  readonly ofNamespace?: (namespace: string) => readonly NamedTailnet[];
}

/** The tailnets whose devices a resource is about, as `Device.tailnet` names them; or why there are none. */
export type TailnetChoice =
  | { readonly kind: 'chosen'; readonly tailnets: readonly string[] }
  | { readonly kind: 'unknown'; readonly detail: string };

/** How devices of a TailscaleTailnet name it. */
export function formatTailnet({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** What devices of the settings' own source name. */
const configured = '';

/**
 * Finds what `spec.tailnet` of a resource means: the TailscaleTailnet of that name in the same namespace; else those that
 * read the tailnet of that name; else the settings' own source, if that is its name, or if its name is not known. Without
 * a name, all of them. TailscaleTailnets of other namespaces are never chosen: they belong to somebody else.
 *
 * A source whose tailnet has no name in the settings goes by every name. Beside TailscaleTailnets of the namespace only by one
 * with a dot or an @, as tailnets' own names have: what names one of several that is gone goes with it.
 */
export function chooseTailnets(namespace: string, wanted: string | undefined, known: KnownTailnets): TailnetChoice {
  const own = known.ofNamespace?.(namespace) ?? [];
  const toKeys = (found: readonly NamedTailnet[]) => {
    const keys = found.map(({ name }) => formatTailnet({ namespace, name }));
    return { kind: 'chosen', tailnets: keys.toSorted(compareText) } as const;
  };
  if (wanted === undefined || wanted === '-') {
    const first = known.tailnets.length === 0 ? [] : [configured];
    return { kind: 'chosen', tailnets: [...first, ...toKeys(own).tailnets] };
  }
  const named = own.filter(({ name }) => name === wanted);
  if (named.length > 0) return toKeys(named);
  const reading = own.filter(({ tailnet }) => tailnet !== '-' && isSameName(tailnet, wanted));
  if (reading.length > 0) return toKeys(reading);
  if (known.tailnets.some((name) => isSameName(name, wanted))) return { kind: 'chosen', tailnets: [configured] };
  const isTailnetName = /[.@]/.test(wanted);
  if (known.tailnets.includes('-') && (isTailnetName || own.length === 0))
    return { kind: 'chosen', tailnets: [configured] };
  // Nobody reads devices: a gateway reaches one by its address or name all the same.
  if (isTailnetName && known.tailnets.length === 0 && own.length === 0) return { kind: 'chosen', tailnets: [] };
  return { kind: 'unknown', detail: unknownDetail(wanted, own, known.tailnets) };
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function unknownDetail(wanted: string, own: readonly NamedTailnet[], tailnets: readonly string[]): string {
  const named = tailnets.filter((name) => name !== '-');
  const sources = [
    ...(named.length > 0 ? [named.join(', ')] : tailnets.length > 0 ? ['the tailnet of the settings'] : []),
    ...(own.length > 0 ? [`the TailscaleTailnets ${own.map(({ name }) => name).join(', ')} of the namespace`] : []),
  ];
  const from = sources.length === 0 ? 'from nowhere' : `from ${sources.join(' and ')}`;
  return `spec.tailnet is ${JSON.stringify(wanted)}, but devices are read ${from}; remove it, or create that TailscaleTailnet in the namespace`;
}
