import type { Log } from './log.ts';

/** A log for tests that keeps its lines. */
export interface FakeLog extends Log {
  readonly lines: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly message: string;
    readonly fields: object;
  }[];
  /** The messages of one level. */
  messages(level: 'debug' | 'info' | 'warn' | 'error'): string[];
}

/** A log without lines; its children write to it too. */
export function createFakeLog(lines: FakeLog['lines'] = [], bound: object = {}): FakeLog {
  const write = (level: FakeLog['lines'][number]['level']) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...bound, ...fields } });
  };
  return {
    lines,
    messages: (level) => lines.filter((line) => line.level === level).map(({ message }) => message),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => createFakeLog(lines, { ...bound, ...fields }),
  };
}
