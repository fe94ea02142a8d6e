import { findContradictions } from './contradictions.ts';
import type { Definition } from './definition.ts';
import { type Settings, definitions } from './definitions.ts';
import { SettingError } from './parsers.ts';

/** What came of the command line and the environment. */
export type ParsedSettings =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'help' }
  | { readonly kind: 'errors'; readonly errors: readonly string[] };

const all: ReadonlyArray<readonly [string, Definition<unknown>]> = Object.entries(definitions);

/**
 * Reads all settings: flags win over the environment, the environment over defaults; a variable
 * that is set to nothing counts as unset. Every error is told, each with its flag or variable.
 */
export function parseSettings(args: readonly string[], environment: Readonly<NodeJS.ProcessEnv>): ParsedSettings {
  const flags = parseFlags(args);
  if (flags.help) return { kind: 'help' };
  const errors = [...flags.errors];
  const values: Record<string, unknown> = {};
  const unreadable = new Set<string>();
  for (const [name, definition] of all) {
    const source = sourceOf(definition, flags.values, environment);
    if (source === undefined) continue;
    try {
      values[name] = definition.parse(source.text);
    } catch (err) {
      if (!(err instanceof SettingError)) throw err;
      unreadable.add(name);
      errors.push(`${source.name}: ${shown(definition, source.text)} must be ${err.message}`);
    }
  }
  // Every value was made by the parser of its own definition.
  const settings = Object.freeze(values) as unknown as Settings;
  errors.push(...findContradictions(settings, unreadable));
  return errors.length > 0 ? { kind: 'errors', errors } : { kind: 'settings', settings };
}

interface Flags {
  readonly values: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly help: boolean;
}

/** A value may begin with one dash (`--tailnet -`), but not with two: that is the next flag. */
function parseFlags(args: readonly string[]): Flags {
  const known = new Set(all.flatMap(([, { flag }]) => flag ?? []));
  const values: Record<string, string> = {};
  const errors: string[] = [];
  let help = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const next = args[i + 1];
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (arg === '--') continue;
    if (name === 'help' || arg === '-h') help = true;
    else if (!arg.startsWith('-')) errors.push(`${arg}: is no flag; see --help`);
    else if (!known.has(name)) errors.push(`${arg.replace(/=.*/s, '')}: there is no such flag; see --help`);
    else if (value !== undefined) values[name] = value;
    else if (next === undefined || next.startsWith('--')) errors.push(`${arg}: needs a value: ${arg}=VALUE`);
    else {
      values[name] = next;
      i++;
    }
  }
  return { values, errors, help };
}

interface Source {
  readonly name: string;
  readonly text: string;
}

function sourceOf(
  definition: Definition<unknown>,
  flags: Readonly<Record<string, string>>,
  environment: Readonly<NodeJS.ProcessEnv>,
): Source | undefined {
  const flag = definition.flag === undefined ? undefined : flags[definition.flag];
  if (flag !== undefined) return { name: `--${definition.flag}`, text: flag };
  const variable = environment[definition.environment];
  if (variable !== undefined && variable !== '') return { name: definition.environment, text: variable };
  return definition.fallback === undefined ? undefined : { name: 'default', text: definition.fallback };
}

/** What an error quotes: neither a secret, nor one within an address. */
function shown(definition: Definition<unknown>, text: string): string {
  if (definition.flag === undefined) return 'its value';
  return JSON.stringify(text.replace(/\/\/[^/]*@/, '//…@'));
}
