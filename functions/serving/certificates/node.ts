import { readFileSync } from 'node:fs';
import { createSecureContext, type TLSSocket } from 'node:tls';
import { type Refusal } from '../refusal.ts';

/** Files of a server's TLS, in PEM. */
export interface CertificateFileNames {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities whose clients are let in; absent: no client certificate is asked for. */
  readonly clientCaFile?: string | undefined;
}

/** What the files hold, as Node's TLS servers take it. */
export interface SecureContextOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  /** False: who shows no valid certificate is refused call by call, in words. */
  readonly rejectUnauthorized: false;
}

/** The certificates of a server, as they are now. */
export interface CertificateFiles {
  /** Why a caller is refused: it has shown no certificate of the client authorities. Absent: it is not. */
  findRefusal(socket: unknown): Refusal | undefined;
  /** @throws Error that names the variable and the file which can't be read or used */
  read(): SecureContextOptions;
  /** Tells of each usable change until the returned function is called; what is not usable leaves things as they are. */
  watch(onChange: (options: SecureContextOptions) => void): () => void;
}

const withoutCertificate: Refusal = {
  code: 'unauthenticated',
  message: 'a client certificate is needed that an authority of TLS_CLIENT_CA_FILE has signed',
};

/**
 * Creates the reader of a server's certificates. Files are read again and again rather than watched: a Secret that is
 * mounted changes by a link to another folder.
 *
 * @param onError is told, once for each reason, why changed files can't be used
 */
export function createCertificateFiles({
  names,
  onError,
  intervalMs = 10_000,
}: {
  readonly names: CertificateFileNames;
  readonly onError: (error: Error) => void;
  readonly intervalMs?: number | undefined;
}): CertificateFiles {
  const read = () => readCertificates(names);
  return {
    findRefusal(socket) {
      return names.clientCaFile === undefined || (socket as TLSSocket).authorized ? undefined : withoutCertificate;
    },
    read,
    watch(onChange) {
      let inUse = formatContext(read());
      let toldError = '';
      const look = () => {
        try {
          const options = read();
          toldError = '';
          if (formatContext(options) !== inUse) {
            inUse = formatContext(options);
            onChange(options);
          }
        } catch (err) {
          const error = err instanceof Error ? err : new Error(String(err));
          if (error.message !== toldError) {
            toldError = error.message;
            onError(error);
          }
        }
      };
      const timer = setInterval(look, intervalMs).unref();
      return () => clearInterval(timer);
    },
  };
}

function readCertificates({ certFile, keyFile, clientCaFile }: CertificateFileNames): SecureContextOptions {
  const cert = readVariable('TLS_CERT_FILE', certFile);
  const key = readVariable('TLS_KEY_FILE', keyFile);
  const ca = clientCaFile === undefined ? {} : { ca: readVariable('TLS_CLIENT_CA_FILE', clientCaFile) };
  try {
    createSecureContext({ cert, key });
  } catch (err) {
    throw new Error(`TLS_CERT_FILE (${certFile}) and TLS_KEY_FILE (${keyFile}) are no certificate and its key`, {
      cause: err,
    });
  }
  if (ca.ca !== undefined && !ca.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(`TLS_CLIENT_CA_FILE (${clientCaFile}) holds no certificate`);
  }
  return { cert, key, ...ca, requestCert: clientCaFile !== undefined, rejectUnauthorized: false };
}

function readVariable(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (err) {
    throw new Error(`${variable} (${file}) can't be read`, { cause: err });
  }
}

function formatContext({ cert, key, ca }: SecureContextOptions): string {
  return [cert, key, ca ?? ''].map(String).join('\n');
}
