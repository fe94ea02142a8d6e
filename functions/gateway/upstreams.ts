/** Finds where a proto service runs; undefined: nowhere. */
export type FindUpstream = (service: string) => string | undefined;

/** Where the functions run, or every error in the text. */
export type UpstreamsResult =
  | { readonly kind: 'valid'; readonly upstreams: ReadonlyMap<string, string> }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/** The name in {@link parseUpstreams} that stands for every service without an entry of its own. */
const everyOther = '*';

/**
 * Reads where functions run: `<proto service>=<origin>`, several with commas between them. `*` is every other service,
 * and an origin without a name is short for that.
 *
 *     tailway.endpoints.v1.EndpointService=http://endpoints:9000, *=http://functions:9000
 */
export function parseUpstreams(text: string): UpstreamsResult {
  const errors: string[] = [];
  const upstreams = new Map<string, string>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, name = everyOther, origin = ''] = /^(?:([^=/]*)=)?(.*)$/.exec(entry) ?? [];
    if (name !== everyOther && !/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(name)) {
      errors.push(`${JSON.stringify(name)} must be a proto service such as tailway.endpoints.v1.EndpointService, or *`);
    }
    if (!isOrigin(origin)) {
      errors.push(`${JSON.stringify(origin)} must be an origin such as http://functions:9000, without a path`);
    }
    if (upstreams.has(name)) {
      errors.push(`${name} is given twice`);
    }
    upstreams.set(name, origin);
  }
  if (errors.length === 0 && upstreams.size === 0) {
    errors.push('at least one origin is needed, such as http://functions:9000');
  }
  return errors.length > 0 ? { kind: 'invalid', errors } : { kind: 'valid', upstreams };
}

/** Creates the look-up of {@link parseUpstreams}' entries. */
export function createFindUpstream(upstreams: ReadonlyMap<string, string>): FindUpstream {
  return (service) => upstreams.get(service) ?? upstreams.get(everyOther);
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const hasMore = url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '';
  return (url.protocol === 'http:' || url.protocol === 'https:') && !hasMore;
}
