import type { FlagValues, Flags } from './flag.ts';
import type { Style } from './style.ts';

/** What a command writes to, and what it may know of where it runs. */
export interface CommandContext {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly style: Style;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
}

/** A call that teaches: it is shown by `--help`, and tests check that it is a right one. */
export interface Example {
  /** As it is typed: `tailway status --json`. */
  readonly call: string;
  readonly does: string;
  /** What has to be there for it; absent: nothing. */
  readonly needs?: 'a shim' | 'a cluster' | 'a tailnet' | 'an Envoy' | 'a server' | 'recordings';
}

/** A call whose arguments were read. */
export interface Call<F extends Flags> extends CommandContext {
  readonly flags: FlagValues<F>;
  readonly operands: readonly string[];
}

/** What a command is made of. */
export interface CommandDefinition<F extends Flags> {
  readonly name: string;
  readonly summary: string;
  /** More than one line, for `--help`. */
  readonly description?: string;
  /** What follows the flags, all of them needed. */
  readonly operands?: readonly { readonly name: string; readonly help: string }[];
  readonly flags: F;
  readonly examples: readonly Example[];
  /** What statuses 0 and 1 mean here. */
  readonly statuses: { readonly 0: string; readonly 1: string };
  readonly run: (call: Call<F>) => Promise<number>;
}
