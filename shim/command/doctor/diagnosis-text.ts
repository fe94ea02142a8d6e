import type { Style } from '../style.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Diagnoses for people: by area, each with what to do about it, and a line that sums up. */
export function formatDiagnoses(diagnoses: readonly Diagnosis[], style: Style): string {
  const areas = [...Map.groupBy(diagnoses, ({ area }) => area)].map(([area, all]) =>
    [style.strong(area), ...all.map((each, index) => diagnosisText(each, all[index + 1], style))].join('\n'),
  );
  const count = (level: Diagnosis['level']) => diagnoses.filter((each) => each.level === level).length;
  const problems = count('problem');
  const warnings = count('warning');
  const verdict = problems > 0 ? style.bad : warnings > 0 ? style.warning : style.good;
  const summary =
    problems + warnings === 0 ? 'No problems.' : `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.`;
  return `${[...areas, verdict(summary)].join('\n\n')}\n`;
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** What is done about several in a row is told once, below the last of them. */
function diagnosisText(
  { level, subject, detail, remedy }: Diagnosis,
  next: Diagnosis | undefined,
  style: Style,
): string {
  const line = `  ${markOf(level, style)} ${subject}: ${detail}`;
  return remedy === undefined || remedy === next?.remedy ? line : `${line}\n      → ${remedy}`;
}

function markOf(level: Diagnosis['level'], style: Style): string {
  switch (level) {
    case 'ok':
      return style.good('✓');
    case 'warning':
      return style.warning('!');
    case 'problem':
      return style.bad('✗');
    case 'skipped':
      return style.faint('–');
    default:
      return level satisfies never;
  }
}
