import type {
  GroupStatus,
  HookStatus,
  Listed,
  ResourcesStatus,
  ShimStatus,
  SourceStatus,
} from '../admin/shim-status.ts';
import { formatType, isRefusing } from '../admin/xds-status.ts';
import type { FunctionStatus } from '../functions/functions-client.ts';
import type { XdsStreamStatus } from '../xds/observer.ts';
import type { Style } from './style.ts';
import { type Column, formatTable } from './table.ts';
import { formatAge, formatSpan } from './time-text.ts';

/** What of a status is shown, and how. */
export interface StatusTextOptions {
  readonly style: Style;
  /** Rows of each table. */
  readonly maxRows: number;
}

/** A status for people: what is not fine, then each part as a table. */
export function formatStatus(status: ShimStatus, options: StatusTextOptions): string {
  const { xds, sources, groups, resources, hooks, functions, now } = status;
  const section = createSections(options);
  const sections = [
    headline(status, options.style),
    problemsText(status, options.style),
    section('Sources of devices', { total: sources.length, items: sources }, sourceTable(now, options.style)),
    section('Groups', groups, groupTable),
    resources === undefined ? '' : resourcesText(resources, section, options.style),
    section('Served', { total: xds.types.length, items: xds.types }, typeTable),
    section('Subscriptions', xds.streams, streamTable(options.style)),
    hooks === undefined ? '' : section('Hooks', { total: hooks.length, items: hooks }, hookTable(now, options.style)),
    section('Functions', { total: functions.length, items: functions }, functionTable(now, options.style)),
  ];
  return `${sections.filter((each) => each !== '').join('\n\n')}\n`;
}

/** How the items of one list become a table. */
interface Table<T> {
  readonly columns: readonly Column[];
  readonly row: (item: T) => readonly string[];
  /** What is said when there are none. */
  readonly nothing: string;
}

type Section = <T>(title: string, list: Listed<T>, table: Table<T>) => string;

function createSections({ style, maxRows }: StatusTextOptions): Section {
  return (title, { total, items }, { columns, row, nothing }) => {
    const shown = items.slice(0, maxRows);
    if (shown.length === 0) return `${style.strong(title)}\n  ${nothing}`;
    const table = formatTable(columns, shown.map(row), '  ');
    const more = total - shown.length;
    return `${style.strong(title)}\n${table}${more > 0 ? `\n  … and ${more} more (--rows N, or --json)` : ''}`;
  };
}

function headline({ version, ready, waitingFor, startedAt, now, leader }: ShimStatus, style: Style): string {
  const waits = waitingFor.length === 0 ? '' : `: waits for ${waitingFor.join(', ')}`;
  const parts = [
    `tailway ${version}`,
    ready ? style.good('ready') : style.bad(`not ready${waits}`),
    `up for ${formatSpan(Date.parse(now) - Date.parse(startedAt))}`,
    ...(leader === undefined ? [] : [leader ? 'leads' : 'another replica leads']),
  ];
  return parts.join(', ');
}

function problemsText({ problems }: ShimStatus, style: Style): string {
  if (problems.length === 0) return style.good('All is fine.');
  return problems.map(({ part, detail }) => `${style.bad('✗')} ${part}: ${detail}`).join('\n');
}

function sourceTable(now: string, style: Style): Table<SourceStatus> {
  return {
    columns: [
      { title: 'NAME' },
      { title: 'DEVICES', align: 'right' },
      { title: 'REJECTED', align: 'right' },
      { title: 'LAST SYNC' },
      { title: 'STATE' },
    ],
    nothing: 'no devices are read',
    row: ({ name, devices, rejected, lastSyncAt, synced, failure, heldSince }) => [
      name,
      String(devices),
      String(rejected),
      formatAge(lastSyncAt, now),
      failure !== undefined
        ? style.bad(`fails (${failure.reason})`)
        : heldSince !== undefined
          ? style.warning('held')
          : synced
            ? style.good('ok')
            : style.bad('not read yet'),
    ],
  };
}

const groupTable: Table<GroupStatus> = {
  columns: [
    { title: 'NAME' },
    { title: 'LOCALITIES', align: 'right' },
    { title: 'ENDPOINTS', align: 'right' },
    { title: 'REFUSED', align: 'right' },
    { title: 'LEFT OUT' },
  ],
  nothing: 'none is computed',
  row: ({ name, localities, endpoints, refused, excluded }) => [
    name,
    String(localities),
    String(endpoints),
    String(refused),
    Object.entries(excluded)
      .map(([reason, n]) => `${n} ${reason}`)
      .join(', ') || '–',
  ],
};

function resourcesText(resources: ResourcesStatus, section: Section, style: Style): string {
  const { synced, revision, endpointsResources, policies, gateways, injected, pending, refused } = resources;
  const read = synced ? `read; revision ${revision}` : 'not read yet';
  const counts = [
    `${endpointsResources} TailscaleEndpoints with ${injected} endpoints injected`,
    ...(pending > 0 ? [`${pending} pending`] : []),
    `${refused.total} refused`,
    `${policies} TailscaleRoutePolicies`,
    `${gateways} Gateways`,
  ];
  const table = section('Refused', refused, {
    columns: [{ title: 'RESOURCE' }, { title: 'ENDPOINT' }, { title: 'REASON' }, { title: 'DETAIL' }],
    nothing: '',
    row: ({ resource, endpoint, reason, detail }) => [resource, endpoint || '–', reason, detail],
  });
  return `${style.strong('Resources')}\n  ${read}\n  ${counts.join(', ')}${refused.total === 0 ? '' : `\n\n${table}`}`;
}

const typeTable: Table<ShimStatus['xds']['types'][number]> = {
  columns: [{ title: 'TYPE' }, { title: 'RESOURCES', align: 'right' }, { title: 'VERSION' }],
  nothing: '',
  row: ({ type, resources, version }) => [type, String(resources), version],
};

function streamTable(style: Style): Table<XdsStreamStatus> {
  return {
    columns: [
      { title: 'NODE' },
      { title: 'PEER' },
      { title: 'STREAM' },
      { title: 'TYPE' },
      { title: 'NAMES', align: 'right' },
      { title: 'SENT' },
      { title: 'ACKED' },
      { title: 'STATE' },
    ],
    nothing: 'no Envoy is connected',
    row: (stream) => [
      stream.nodeId || '–',
      stream.peer,
      stream.aggregated ? `ADS ${stream.variant}` : stream.variant,
      formatType(stream.typeUrl),
      stream.wildcard ? '*' : String(stream.names),
      shortVersion(stream.sentVersion),
      shortVersion(stream.ackedVersion),
      streamState(stream, style),
    ],
  };
}

function streamState(stream: XdsStreamStatus, style: Style): string {
  if (isRefusing(stream)) return style.bad(`refused: ${stream.error}`);
  if (stream.sentVersion === '') return style.faint('nothing sent yet');
  if (stream.ackedVersion !== stream.sentVersion) return style.warning('not answered yet');
  return style.good('ok') + (stream.nackedVersion === '' ? '' : style.warning(`, refused one before: ${stream.error}`));
}

function hookTable(now: string, style: Style): Table<HookStatus> {
  return {
    columns: [
      { title: 'HOOK' },
      { title: 'CALLS', align: 'right' },
      { title: 'LAST' },
      { title: 'TOOK', align: 'right' },
      { title: 'RESULT' },
      { title: 'ALL RESULTS' },
    ],
    nothing: 'Envoy Gateway has called none yet',
    row: ({ hook, calls, results, last }) => [
      hook,
      String(calls),
      formatAge(last.at, now),
      `${last.ms.toFixed(1)} ms`,
      ['changed', 'unchanged'].includes(last.result) ? style.good(last.result) : style.bad(last.result),
      Object.entries(results)
        .map(([result, n]) => `${n} ${result}`)
        .join(', '),
    ],
  };
}

function functionTable(now: string, style: Style): Table<FunctionStatus> {
  const places = {
    'in-process': (text: string) => text,
    remote: style.good,
    fallback: style.warning,
  };
  return {
    columns: [{ title: 'FUNCTION' }, { title: 'RUNS' }, { title: 'SINCE' }, { title: 'URL' }, { title: 'LAST ERROR' }],
    nothing: '',
    row: ({ function: name, place, sinceMs, url, circuit, lastError }) => [
      name,
      places[place](place),
      formatAge(new Date(sinceMs).toISOString(), now),
      url === undefined ? '–' : `${url}${circuit === undefined || circuit === 'closed' ? '' : ` (${circuit})`}`,
      lastError ?? '–',
    ],
  };
}

/** Enough of a version to tell two apart. */
function shortVersion(version: string): string {
  return version === '' ? '–' : version.slice(0, 12);
}
