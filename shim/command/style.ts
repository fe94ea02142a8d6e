import { styleText } from 'node:util';

/** How a text stands out on a terminal; elsewhere it stays as it is. */
export interface Style {
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
  /** Titles. */
  readonly strong: (text: string) => string;
  /** What is there for completeness. */
  readonly faint: (text: string) => string;
}

/** A style with colours, or without. */
export function createStyle(colours: boolean): Style {
  const paint = (format: 'green' | 'yellow' | 'red' | 'bold' | 'dim') => (text: string) =>
    colours ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: paint('green'),
    warning: paint('yellow'),
    bad: paint('red'),
    strong: paint('bold'),
    faint: paint('dim'),
  };
}

/**
 * Whether a stream is to get colours: a terminal that has them, unless `NO_COLOR` is set to anything.
 *
 * https://no-color.org
 */
export function wantsColours(
  stream: { readonly isTTY?: boolean; readonly hasColors?: (environment?: object) => boolean },
  environment: Readonly<NodeJS.ProcessEnv>,
): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return stream.isTTY === true && (stream.hasColors?.(environment) ?? true);
}
