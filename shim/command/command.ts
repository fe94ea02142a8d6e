import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import { CommandFailure, WrongCall } from './command-error.ts';
import type { CommandContext, CommandDefinition, Example } from './command-definition.ts';
import { formatHelp } from './command-help.ts';
import type { Flag, FlagValues, Flags } from './flag.ts';
import { findNearest } from './nearest.ts';

/** One command of `tailway`. */
export interface Command {
  readonly name: string;
  /** One line, for the list of all commands. */
  readonly summary: string;
  readonly examples: readonly Example[];
  help(): string;
  /** Throws a {@link WrongCall} for arguments that mean nothing. */
  check(args: readonly string[]): void;
  /** Gives the exit status: 0 fine, 1 what was asked is not fine, 2 a wrong call. Rejects only for bugs. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

/** A command that reads its flags, helps, and tells wrong calls and failures in a line. */
export function defineCommand<const F extends Flags>(definition: CommandDefinition<F>): Command {
  const { name, summary, examples } = definition;
  return {
    name,
    summary,
    examples,
    help: () => formatHelp(definition),
    check: (args) => void readCall(definition, args, {}),
    async run(args, context) {
      try {
        const call = readCall(definition, args, context.environment);
        if (call === undefined) {
          context.out(formatHelp(definition));
          return 0;
        }
        return await definition.run({ ...context, ...call });
      } catch (err) {
        return tellFailure(name, err, context);
      }
    },
  };
}

/** The status of a call that threw: its line is written; a bug is thrown on. */
export function tellFailure(name: string, err: unknown, { err: write }: Pick<CommandContext, 'err'>): number {
  if (err instanceof WrongCall) {
    write(`${err.message}\nTry: tailway ${name} --help\n`);
    return 2;
  }
  if (err instanceof CommandFailure) {
    write(`${err.message}\n`);
    return 1;
  }
  throw err;
}

/** Reads the arguments; undefined: help is asked for. */
function readCall<F extends Flags>(
  { flags, operands = [] }: CommandDefinition<F>,
  args: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): { flags: FlagValues<F>; operands: readonly string[] } | undefined {
  const parsed = parse(flags, args);
  if (parsed.values['help'] === true) return undefined;
  if (parsed.positionals.length !== operands.length) {
    const wanted = operands.map(({ name }) => name).join(' ');
    const unwanted = parsed.positionals[operands.length];
    throw new WrongCall(
      unwanted === undefined
        ? `${operands[parsed.positionals.length]?.name ?? ''} is missing: ${wanted}`
        : `${unwanted}: ${operands.length === 0 ? 'there is nothing but flags' : `there is nothing after ${wanted}`}`,
    );
  }
  const values = Object.entries(flags).map(([name, flag]) => [name, valueOf(flag, parsed.values[name], environment)]);
  // Each value is what its own flag says.
  return { flags: Object.fromEntries(values) as FlagValues<F>, operands: parsed.positionals };
}

interface ParsedArgs {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function parse(flags: Flags, args: readonly string[]): ParsedArgs {
  const options = Object.entries(flags).map(
    ([name, { type, multiple = false }]): [string, ParseArgsOptionDescriptor] => [name, { type, multiple }],
  );
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...Object.fromEntries(options), help: { type: 'boolean', short: 'h' } },
    });
  } catch (err) {
    throw new WrongCall(unknownFlag(flags, args, err) ?? (err instanceof Error ? err.message : String(err)), {
      cause: err,
    });
  }
}

/** Node's own words are about operands that look like flags. */
function unknownFlag(flags: Flags, args: readonly string[], err: unknown): string | undefined {
  if (!(err instanceof Error && 'code' in err && err.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')) return undefined;
  const names = args.flatMap((arg) => /^--([^=]+)/.exec(arg)?.[1] ?? []);
  const unknown = names.find((name) => name !== 'help' && !Object.hasOwn(flags, name));
  if (unknown === undefined) return undefined;
  const nearest = findNearest(unknown, Object.keys(flags));
  return `--${unknown}: there is no such flag.${nearest === undefined ? '' : ` Did you mean --${nearest}?`}`;
}

function valueOf(flag: Flag, given: unknown, environment: Readonly<NodeJS.ProcessEnv>): unknown {
  if (flag.type === 'boolean') return given ?? false;
  if (flag.multiple === true) return given ?? [];
  const variable = flag.environment === undefined ? undefined : environment[flag.environment];
  return given ?? (variable === '' ? undefined : variable) ?? flag.fallback;
}
