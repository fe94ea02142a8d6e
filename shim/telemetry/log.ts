import { pino } from 'pino';
import pretty from 'pino-pretty';

/** What a part needs of a logger: a constant message, and fields. Nothing secret, no whole objects. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: object): Log;
}

/** The levels that a log can be cut off at. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/** A log on standard output: JSON lines for machines, readable ones on a terminal. */
export function createLog(level: LogLevel): Log {
  const options = {
    level,
    base: {},
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    messageKey: 'message',
  };
  return process.stdout.isTTY
    ? pino(options, pretty({ colorize: true, sync: true, messageKey: 'message', translateTime: 'SYS:HH:MM:ss.l' }))
    : pino(options);
}
