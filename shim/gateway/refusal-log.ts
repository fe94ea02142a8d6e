import { parseClusterName } from '../../functions/service-endpoint/service-name.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import type { Finding } from '../custom-resources/finding.ts';
import type { CustomResource } from '../custom-resources/resource-source.ts';
import type { Log } from '../telemetry/log.ts';
import type { DecidedService } from './decided-state.ts';
import { formatRefusalReason } from './refusal-reason.ts';

/** Names in the log what does not count, once for each time that it is new. */
export interface RefusalLog {
  /** What of a resource does not count; undefined: it is gone. */
  resource(
    key: string,
    found: { readonly resource: CustomResource; readonly findings: readonly Finding[] } | undefined,
  ): void;
  /** The endpoints of a service that have no cluster. */
  service(service: string, decided: DecidedService | undefined): void;
}

/** A log of refusals. */
export function createRefusalLog(log: Log): RefusalLog {
  const told = new Map<string, ReadonlySet<string>>();
  const tell = (about: string, lines: ReadonlyMap<string, () => void>) => {
    const before = told.get(about);
    for (const [detail, write] of lines) if (!before?.has(detail)) write();
    if (lines.size > 0) told.set(about, new Set(lines.keys()));
    else told.delete(about);
  };
  return {
    resource(key, found) {
      const { place = '' } = found?.resource ?? {};
      const lines = (found?.findings ?? []).map(({ reason, effect, detail }) => {
        const fields = { resource: key, ...(place === '' ? {} : { place }), reason, detail };
        return [detail, () => log.warn(fields, messages[effect])] as const;
      });
      tell(key, new Map(lines));
    },
    service(service, decided) {
      const lines = [...(decided?.refused.values() ?? [])].map(({ endpoint, reason, detail }) => {
        const reference = formatReference(endpoint);
        const fields = { endpoint: reference, reason: formatRefusalReason(reason), detail };
        return [`${reference} ${detail}`, () => log.warn(fields, messages['endpoint-refused'])] as const;
      });
      tell(`service ${service}`, new Map([...lines, ...juniors(decided)]));
    },
  };

  /** Two resources may have a service of one name without knowing of each other. */
  function juniors(decided: DecidedService | undefined): [string, () => void][] {
    const all = [...(decided?.endpoints ?? [])];
    const senior = all.find(([, { cluster }]) => parseClusterName(cluster.name)?.apart === undefined)?.[0] ?? '';
    const others = all.filter(([endpoint]) => endpoint !== senior);
    return others.map(([endpoint, { cluster }]) => {
      const fields = { endpoint, senior, cluster: cluster.name };
      return [`${endpoint} after ${senior}`, () => log.warn(fields, 'an older endpoint of the same name has the path')];
    });
  }
}

const messages = {
  'field-ignored': 'a field of a resource has no effect',
  'endpoint-refused': 'refused an endpoint',
  'resource-refused': 'refused a resource',
} as const;
