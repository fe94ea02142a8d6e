/** Where an endpoint's upstream is, apart: `host:port`, or what is wrong with it. */
export type Target =
  /** `port` is absent where the target names none. */
  | { readonly kind: 'valid'; readonly host: string; readonly port: number | undefined }
  | { readonly kind: 'invalid'; readonly detail: string };

/** Splits `host`, `host:port`, `[IPv6]` or `[IPv6]:port`. What is a host is not looked at here. */
export function parseTarget(text: string): Target {
  const fault = findFault(text);
  if (fault !== undefined) {
    return { kind: 'invalid', detail: fault };
  }
  const bracketed = /^\[([^\][]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    return host.includes(':') ? withPort(host, port) : { kind: 'invalid', detail: 'only IPv6 stands in brackets' };
  }
  if (/[\][]/.test(text)) {
    return { kind: 'invalid', detail: 'brackets stand around an IPv6 address: [fd7a::1]:80' };
  }
  const [host = '', port, ...more] = text.split(':');
  return more.length === 0
    ? withPort(host, port)
    : { kind: 'invalid', detail: 'an IPv6 address needs brackets: [fd7a::1]:80' };
}

function findFault(text: string): string | undefined {
  if (text === '') {
    return 'the target is empty';
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return 'a target has no scheme: write host:port, and say HTTPS in the protocol';
  }
  if (/[/?#\\]/.test(text)) {
    return 'a target has no path: write host:port';
  }
  if (text.includes('@')) {
    return 'a target has no user: write host:port';
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\s\x00-\x1f\x7f]/.test(text) ? 'a target has no spaces or control characters' : undefined;
}

function withPort(host: string, text: string | undefined): Target {
  if (text === undefined) {
    return { kind: 'valid', host, port: undefined };
  }
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535
    ? { kind: 'valid', host, port }
    : { kind: 'invalid', detail: `${JSON.stringify(text)} is no port from 1 to 65535` };
}
