import type { JsonValue } from '@bufbuild/protobuf';
import type { Replay, ReplayedRecording } from './replay-result.ts';
import type { Style } from './style.ts';

/** As many differences of one recording as people read. */
const shownDifferences = 20;

/** A replay for people: each recording that came out otherwise, and how. */
export function formatReplay({ recordings, same, others }: Replay, style: Style): string {
  const count = (outcome: ReplayedRecording['outcome']) => others.filter((each) => each.outcome === outcome).length;
  const sum = `${recordings} recordings: ${same} the same, ${count('different')} different, ${count('failed')} without an answer, ${count('unreadable')} unreadable`;
  const mark = others.length === 0 ? style.good : style.bad;
  return `${[...others.map((each) => formatRecording(each, style)), mark(sum)].join('\n')}\n`;
}

function formatRecording(recording: ReplayedRecording, style: Style): string {
  const { file, outcome, detail, differences = [] } = recording;
  const lines = differences
    .slice(0, shownDifferences)
    .map(({ path, was, is }) => `  ${path}: ${shown(was, style)} -> ${shown(is, style)}`);
  const more = differences.length - shownDifferences;
  if (more > 0) lines.push(style.faint(`  and ${more} more; --json tells them all`));
  const title = `${file}  ${outcome}${detail === undefined ? '' : `: ${detail}`}`;
  return [style.strong(title), ...lines].join('\n');
}

function shown(value: JsonValue | undefined, style: Style): string {
  if (value === undefined) return style.faint('nothing');
  const text = JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}
