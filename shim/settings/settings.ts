import { parseArgs } from 'node:util';
import { findContradictions } from './contradictions.ts';
import { type Definition, type Settings, definitions } from './definitions.ts';
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
  for (const [name, definition] of all) {
    const source = sourceOf(definition, flags.values, environment);
    if (source === undefined) continue;
    try {
      values[name] = definition.parse(source.text);
    } catch (err) {
      if (!(err instanceof SettingError)) throw err;
      errors.push(`${source.name}: ${shown(definition, source.text)} must be ${err.message}`);
    }
  }
  // Every value was made by the parser of its own definition.
  const settings = Object.freeze(values) as unknown as Settings;
  if (errors.length === 0) errors.push(...findContradictions(settings));
  return errors.length > 0 ? { kind: 'errors', errors } : { kind: 'settings', settings };
}

interface Flags {
  readonly values: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly help: boolean;
}

function parseFlags(args: readonly string[]): Flags {
  const known = new Set(all.flatMap(([, { flag }]) => flag ?? []));
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const flag of known) options[flag] = { type: 'string' };
  const values: Record<string, string> = {};
  const errors: string[] = [];
  let help = false;
  for (const token of parseArgs({ args: joined(args, known), options, strict: false, tokens: true }).tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') errors.push(`${token.value}: is no flag; see --help`);
    else if (token.name === 'help') help = true;
    else if (!known.has(token.name)) errors.push(`${token.rawName}: there is no such flag; see --help`);
    else if (token.value === undefined) errors.push(`--${token.name}: needs a value: --${token.name}=VALUE`);
    else values[token.name] = token.value;
  }
  return { values, errors, help };
}

/** Makes `--flag -` one argument: parseArgs takes a value that begins with a dash for a missing one. */
function joined(args: readonly string[], known: ReadonlySet<string>): string[] {
  const result: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const next = args[i + 1];
    if (arg.startsWith('--') && known.has(arg.slice(2)) && next !== undefined && !next.startsWith('--')) {
      result.push(`${arg}=${next}`);
      i++;
    } else {
      result.push(arg);
    }
  }
  return result;
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

function shown(definition: Definition<unknown>, text: string): string {
  return definition.flag === undefined ? 'its value' : JSON.stringify(text);
}
