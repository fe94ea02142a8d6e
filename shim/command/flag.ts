/** One flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  /** What its value is called in help: `URL`. */
  readonly value?: string;
  /** A variable that is read where the flag is not given. */
  readonly environment?: string;
  /** The value without flag and variable; absent: undefined. */
  readonly fallback?: string;
  readonly help: string;
}

/** The flags of a command, without their dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** The values of flags. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: FlagValue<F[K]> };

type FlagValue<F extends Flag> = F extends { readonly type: 'boolean' }
  ? boolean
  : F extends { readonly multiple: true }
    ? readonly string[]
    : F extends { readonly fallback: string }
      ? string
      : string | undefined;

/** Of commands that ask a running shim. */
export const urlFlag = {
  type: 'string',
  value: 'URL',
  environment: 'TAILWAY_URL',
  fallback: 'http://127.0.0.1:8080',
  help: 'where the shim answers /metrics: its --metrics-bind-address',
} as const satisfies Flag;

/** Of commands that scripts read. */
export const jsonFlag = { type: 'boolean', help: 'all of it as JSON' } as const satisfies Flag;
