import type { CommandDefinition, Example } from './command-definition.ts';
import type { Flag, Flags } from './flag.ts';
import { wrap } from './wrap.ts';

/** The text of a command's `--help`: what it is for, how it is called, examples, and what its status means. */
export function formatHelp<F extends Flags>(definition: CommandDefinition<F>): string {
  const { name, summary, description, operands = [], flags, examples, statuses } = definition;
  const words = [...Object.entries(flags).map(([flag, of]) => usageOf(flag, of)), ...operands.map((each) => each.name)];
  const entries = [
    ...operands.map(({ name, help }): Entry => [name, help]),
    ...Object.entries(flags).map(([flag, of]): Entry => [nameOf(flag, of), helpOf(of)]),
  ];
  const sections = [
    wrap(`Usage: tailway ${name} `, words),
    `${capitalize(summary)}.${description === undefined ? '' : `\n${wrap('', wordsOf(description))}`}`,
    entries.length === 0 ? '' : formatEntries(entries),
    formatExamples(examples),
    `Exit status\n${formatEntries([
      ['0', statuses[0]],
      ['1', statuses[1]],
      ['2', 'a wrong call'],
    ])}`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Examples as `--help` shows them: what each does, and the line to type. */
export function formatExamples(examples: readonly Example[]): string {
  const lines = examples.map(({ call, does, needs }) => {
    const needed = needs === undefined ? '' : ` (needs ${needs})`;
    return `  # ${does}${needed}\n  ${call}`;
  });
  return `Examples\n${lines.join('\n')}`;
}

/** Names with what they mean, below each other. */
export function formatEntries(entries: readonly (readonly [name: string, help: string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, help]) => wrap(`  ${name.padEnd(width)}  `, wordsOf(help))).join('\n');
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/);
}

type Entry = readonly [string, string];

function usageOf(name: string, flag: Flag): string {
  return `[${nameOf(name, flag)}]${flag.multiple === true ? '…' : ''}`;
}

function nameOf(name: string, { type, value = 'VALUE' }: Flag): string {
  return type === 'boolean' ? `--${name}` : `--${name} ${value}`;
}

function helpOf({ help, environment, fallback, multiple }: Flag): string {
  const notes = [environment ?? '', fallback ?? '', multiple === true ? 'several times' : ''];
  const known = notes.filter((note) => note !== '');
  return known.length === 0 ? help : `${help} (${known.join(', ')})`;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
