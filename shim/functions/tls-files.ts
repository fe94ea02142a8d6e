import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';

/** What a TLS connection to the functions is made with. */
export interface TlsMaterial {
  /** CAs that functions are verified against, instead of the system's. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Where it is. */
export interface TlsPaths {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** How often the files are looked at. */
const lookMs = 10_000;

/**
 * Reads the files, and again when one of them has changed: certificates are replaced while a process runs, a certificate
 * a moment before its key. What can't be read or used leaves the last good ones. The answer is the same object while
 * nothing changes.
 *
 * @throws Error that names the file, when one can't be read or used at the start
 */
export function createTlsFiles(paths: TlsPaths, { clock, log }: { clock: Clock; log: Log }): () => TlsMaterial {
  const wanted = Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined);
  let material = read();
  let stamp = stampOf();
  let lookedAtMs = clock.monotonicMs();

  function read(): TlsMaterial {
    const next: TlsMaterial = Object.fromEntries(wanted.map(([name, path]) => [name, readFileSync(path)]));
    checkMaterial(next, paths);
    return next;
  }

  function stampOf(): string {
    return wanted.map(([, path]) => `${statSync(path).mtimeMs}-${statSync(path).size}`).join(' ');
  }

  return () => {
    if (wanted.length === 0 || clock.monotonicMs() - lookedAtMs < lookMs) return material;
    lookedAtMs = clock.monotonicMs();
    try {
      const next = stampOf();
      if (next !== stamp) {
        material = read();
        stamp = next;
        log.info({ files: wanted.map(([, path]) => path) }, 'certificates for the functions are read again');
      }
    } catch (err) {
      log.warn({ err }, 'certificates for the functions cannot be used: the last good ones stay');
    }
    return material;
  };
}

function checkMaterial({ ca, cert, key }: TlsMaterial, paths: TlsPaths): void {
  // OpenSSL takes a file without any for no authorities at all.
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`${paths.ca} holds no certificate`);
  try {
    createSecureContext({ ca, cert, key });
  } catch (cause) {
    const files = [paths.ca, paths.cert, paths.key].filter((path) => path !== undefined).join(', ');
    throw new Error(`${files} are no certificates with their key`, { cause });
  }
}
