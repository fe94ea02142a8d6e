import { helpText } from '../settings/help.ts';
import { parseSettings } from '../settings/settings.ts';
import type { Example } from './command-definition.ts';
import { type Command, tellFailure } from './command.ts';
import { WrongCall } from './command-error.ts';
import { formatExamples } from './command-help.ts';

const examples: readonly Example[] = [
  { call: 'tailway serve --devices devices.yaml', does: 'devices from a file, without a tailnet' },
  {
    call: 'tailway serve --kubeconfig ~/.kube/config --poll-interval 10s',
    does: 'the resources of a cluster, and the devices of the tailnet of TS_ENVOY_API_TOKEN',
    needs: 'a cluster',
  },
];

/** `tailway serve`: runs the shim. Its flags are the settings. */
export const serve: Command = {
  name: 'serve',
  summary: 'run the shim: serve devices to Envoys, and answer Envoy Gateway',
  examples,
  help,
  check,
  async run(args, context) {
    if (args.includes('--help') || args.includes('-h')) {
      context.out(help());
      return 0;
    }
    try {
      check(args, context.environment);
    } catch (err) {
      return tellFailure('serve', err, context);
    }
    // The shim is a program of its own, which reads the command line without the command's name.
    process.argv.splice(2, 1);
    await import('../main.ts');
    return Number(process.exitCode ?? 0);
  },
};

function help(): string {
  return `${helpText()}\n${formatExamples(examples)}\n`;
}

function check(args: readonly string[], environment: Readonly<NodeJS.ProcessEnv> = {}): void {
  const parsed = parseSettings(args, environment);
  if (parsed.kind === 'errors') throw new WrongCall(parsed.errors.join('\n'));
}
