import type { SimulatedGroup, Simulation } from '../admin/simulation.ts';
import type { Style } from './style.ts';
import { type Column, formatTable } from './table.ts';

/** A simulation for people: for each group its localities and endpoints, before and after. */
export function formatSimulation({ down, groups, untouched }: Simulation, style: Style): string {
  const asked = down.map(
    ({ asked, hosts }) => `Down: ${asked}${sameWord(asked, hosts) ? '' : ` (${hosts.join(', ')})`}`,
  );
  const sections = [
    asked.join('\n'),
    ...groups.map((group) => groupText(group, down.length > 0, style)),
    groups.length === 0 ? 'There is no group of devices.' : '',
    untouched === 0 ? '' : style.faint(`${untouched} more groups are not touched.`),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

const columns: readonly Column[] = [
  { title: 'LOCALITY' },
  { title: 'HOST' },
  { title: 'WEIGHT', align: 'right' },
  { title: 'SHARE', align: 'right' },
];

const comparedColumns: readonly Column[] = [
  ...columns.slice(0, -1),
  { title: 'NOW', align: 'right' },
  { title: 'THEN', align: 'right' },
  { title: 'CHANGE', align: 'right' },
  { title: '' },
];

function groupText({ name, localities, policy, ...health }: SimulatedGroup, compared: boolean, style: Style): string {
  const shares = (before: number, after: number) =>
    compared ? [percent(before), percent(after), change(before, after, style)] : [percent(before)];
  const rows = localities.flatMap(({ region, zone, priority, weight, before, after, endpoints }) => [
    [
      style.strong(
        [region || 'untagged', zone, priority === 0 ? '' : `priority ${priority}`].filter(Boolean).join(' '),
      ),
      '',
      String(weight),
      ...shares(before, after),
    ],
    ...endpoints.map((endpoint) => [
      `  ${endpoint.device}`,
      endpoint.host,
      String(endpoint.weight),
      ...shares(endpoint.before, endpoint.after),
      endpoint.down ? style.bad('down') : '',
    ]),
  ]);
  const lines = [style.strong(name)];
  if (rows.length === 0) lines.push('  No device serves: Envoy answers 503.');
  else lines.push(formatTable(compared ? comparedColumns : columns, rows, '  '));
  const note = policyNotes[policy];
  if (note !== undefined && rows.length > 0) lines.push(`  ${style.faint(note)}`);
  const warning = warningText({ localities, ...health });
  if (warning !== undefined) lines.push(`  ${style.warning(warning)}`);
  return lines.join('\n');
}

/** What the shares mean with policies other than round robin. */
const policyNotes: Readonly<Record<string, string>> = {
  'least-request': 'Least request: shares of hosts that are equally fast.',
  'ring-hash': 'Ring hash: shares of many different keys, within some points.',
  maglev: 'Maglev: shares of many different keys.',
  random: 'Random: the weights of hosts do not count.',
};

type Health = Pick<SimulatedGroup, 'localities' | 'healthy' | 'panic' | 'panicThreshold'>;

function warningText({ localities, healthy, panic, panicThreshold }: Health): string | undefined {
  if (panic) {
    const why = healthy === 0 ? 'nobody is healthy' : `fewer than ${panicThreshold}% of the hosts are healthy`;
    return `Envoy panics: ${why}, so it sends to unhealthy hosts too.`;
  }
  const served = localities.some(({ after }) => after > 0);
  return served || localities.length === 0
    ? undefined
    : 'Envoy answers 503: nobody is healthy where requests go, and a panic threshold of 0 keeps it from the unhealthy.';
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** In points of percent. */
function change(before: number, after: number, style: Style): string {
  const points = (100 * (after - before)).toFixed(1);
  if (Number(points) === 0) return '–';
  return Number(points) > 0 ? style.good(`+${points}`) : style.warning(points);
}

function sameWord(asked: string, hosts: readonly string[]): boolean {
  return hosts.length === 1 && hosts[0] === asked;
}
