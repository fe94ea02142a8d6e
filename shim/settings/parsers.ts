import { isIP } from 'node:net';

/** A text that is no value of a setting; the message says what would be one. */
export class SettingError extends Error {}

/** Turns a setting's text into its value, or throws a {@link SettingError}. */
export type Parser<T> = (text: string) => T;

/** A whole number within bounds. */
export function integer(min: number, max: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new SettingError(`a whole number from ${min} to ${max}`);
    return value;
  };
}

/** A TCP port that a server listens on; 0 lets the system choose. */
export const listenPort = integer(0, 65535);

/** A TCP port that others connect to. */
export const port = integer(1, 65535);

/** A number of percent from 0 to 100. */
export const percent: Parser<number> = (text) => {
  const value = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= 100)) throw new SettingError('a number from 0 to 100');
  return value;
};

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go writes it: `30s`, `1m30s`, `500ms`, `1.5h`, `0`. */
export function duration(minMs: number, maxMs = 30 * 24 * 3_600_000): Parser<number> {
  return (text) => {
    const value = durationMs(text);
    if (!(value >= minMs && value <= maxMs)) {
      throw new SettingError(
        `a duration such as 30s, 5m or 500ms, from ${durationText(minMs)} to ${durationText(maxMs)}`,
      );
    }
    return value;
  };
}

function durationMs(text: string): number {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return Number.NaN;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(number) * (durationUnits[unit ?? ''] ?? Number.NaN);
  }
  return Math.round(total);
}

function durationText(ms: number): string {
  const [unit, size] = Object.entries(durationUnits).findLast(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return ms === 0 ? '0' : `${ms / size}${unit}`;
}

/** Any text without spaces, as a name is; `min` 0 where an empty one has a meaning. */
export function text(min: 0 | 1, max: number): Parser<string> {
  return (value) => {
    if (value.length < min || value.length > max || /[\s\p{Cc}]/u.test(value)) {
      throw new SettingError(`${min} to ${max} characters without spaces`);
    }
    return value;
  };
}

/** The name of a request header, or nothing. */
export const headerName: Parser<string> = (value) => {
  if (!/^[-!#$%&'*+.^_`|~0-9A-Za-z]{0,256}$/.test(value)) throw new SettingError('the name of a header');
  return value;
};

/** A path on this machine. */
export const path: Parser<string> = (value) => {
  if (value === '' || value.includes('\0')) throw new SettingError('a path');
  return value;
};

/** A path of a URL, from its slash on. */
export const urlPath: Parser<string> = (value) => {
  if (!/^\/[\x21-\x7e]*$/.test(value)) throw new SettingError('a path that begins with / and has no spaces');
  return value;
};

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return (text) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new SettingError(`one of ${words.join(', ')}`);
    return word;
  };
}

/** `true` or `false`. */
export const boolean: Parser<boolean> = (text) => {
  if (!/^(true|false|1|0)$/.test(text)) throw new SettingError('true or false');
  return text === 'true' || text === '1';
};

/** A list with commas between its entries, which keep their order. */
export function list<T>(entry: Parser<T>): Parser<readonly T[]> {
  return (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(entry);
}

/** A whole ACL tag. */
export const tag: Parser<string> = (text) => {
  if (!/^tag:[A-Za-z][A-Za-z0-9-]*$/.test(text)) throw new SettingError('whole tags such as tag:weight-2');
  return text;
};

/** A namespace of Kubernetes. */
export const namespace: Parser<string> = (text) => {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) throw new SettingError('names of namespaces');
  return text;
};

/** An IP address that a server binds. */
export const ipAddress: Parser<string> = (text) => {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0) throw new SettingError('an IP address such as 0.0.0.0, 127.0.0.1 or ::');
  return address;
};

/** Where a server listens; `undefined`: nowhere. */
export type ListenAddress = { readonly host: string; readonly port: number } | undefined;

/** `:8081`, `127.0.0.1:8081`, `[::1]:8081`; `0` turns the server off. */
export const listenAddress: Parser<ListenAddress> = (text) => {
  if (text === '0') return undefined;
  const match = /^(.*):(\d{1,5})$/.exec(text);
  const host = match?.[1]?.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (match === null || Number(match[2]) > 65535 || (host !== '' && host !== 'localhost' && isIP(host) === 0)) {
    throw new SettingError('an address such as :8081 or 127.0.0.1:8081, or 0 to turn it off');
  }
  return { host: host === '' ? '0.0.0.0' : host, port: Number(match[2]) };
};

/** The origin of an HTTP API: scheme, host and port alone. */
export const origin: Parser<string> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url !== undefined && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '';
  if (url === undefined || !bare || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new SettingError('an origin such as https://api.example.com, without a path, a user or a query');
  }
  return url.origin;
};

/** A secret: any text that an HTTP header can carry. */
export const secret: Parser<string> = (value) => {
  if (!/^[\x21-\x7e]{1,4096}$/.test(value.trim())) {
    throw new SettingError('printable characters without spaces; the value itself is not shown here');
  }
  return value.trim();
};
