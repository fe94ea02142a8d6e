import type { CommandContext } from './command-definition.ts';
import type { Command } from './command.ts';
import { formatEntries } from './command-help.ts';
import { findNearest } from './nearest.ts';

/** Runs the command that the arguments name. Gives the exit status. */
export async function dispatch(
  commands: readonly Command[],
  args: readonly string[],
  context: CommandContext & { readonly version: string },
): Promise<number> {
  const { out, err, version } = context;
  const [first = 'help', ...rest] = args;
  const find = (name: string) => commands.find((command) => command.name === name);
  switch (first) {
    case 'help':
    case '--help':
    case '-h': {
      const [topic] = rest;
      if (topic === undefined) out(formatOverview(commands));
      else if (find(topic) === undefined) return tellUnknown(topic, commands, err);
      else out(find(topic)?.help() ?? '');
      return 0;
    }
    case 'version':
    case '--version':
      out(`tailway ${version}\n`);
      return 0;
    default:
      return (await find(first)?.run(rest, context)) ?? tellUnknown(first, commands, err);
  }
}

/** The list of all commands. */
function formatOverview(commands: readonly Command[]): string {
  return `Usage: tailway COMMAND

${formatEntries(commands.map(({ name, summary }) => [name, summary]))}

tailway COMMAND --help tells more of each, with examples.
Exit status: 0 fine, 1 what was asked is not fine, 2 a wrong call.
`;
}

function tellUnknown(name: string, commands: readonly Command[], err: CommandContext['err']): number {
  const nearest = findNearest(
    name,
    commands.map((command) => command.name),
  );
  const meant = nearest === undefined ? '' : ` Did you mean "tailway ${nearest}"?`;
  err(`${name}: there is no such command.${meant}\n\n${formatOverview(commands)}`);
  return 2;
}
