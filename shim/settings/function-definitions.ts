import { given, unset } from './definition.ts';
import { boolean, duration, list, oneOf, origin, path, secret, SettingError, type Parser } from './parsers.ts';

/** Where the functions run, and how they are called there. */
export const functionDefinitions = {
  functionsUrls: given({
    group: 'Functions',
    flag: 'functions-url',
    environment: 'FUNCTIONS_URL',
    fallback: '',
    parse: list(origin),
    help: 'origins where the functions run, with commas between them, in order of preference; empty: in this process',
  }),
  functionsFallback: given({
    group: 'Functions',
    flag: 'functions-fallback',
    environment: 'FUNCTIONS_FALLBACK',
    fallback: 'in-process',
    parse: oneOf('in-process', 'none'),
    help: 'who answers when none of them does: in-process, the same functions in this process, or none, and the last good answers stay',
  }),
  functionsToken: unset({
    group: 'Functions',
    environment: 'FUNCTIONS_TOKEN',
    parse: firstToken,
    help: 'bearer token for the functions; of several with commas between them, the first is sent',
  }),
  functionsAccessId: unset({
    group: 'Functions',
    environment: 'FUNCTIONS_ACCESS_CLIENT_ID',
    parse: secret,
    help: 'id of a service token of Cloudflare Access, where that is in front of the functions',
  }),
  functionsAccessSecret: unset({
    group: 'Functions',
    environment: 'FUNCTIONS_ACCESS_CLIENT_SECRET',
    parse: secret,
    help: 'secret of that service token',
  }),
  functionsPlaintextSecrets: given({
    group: 'Functions',
    flag: 'functions-plaintext-secrets',
    environment: 'FUNCTIONS_PLAINTEXT_SECRETS',
    fallback: 'false',
    parse: boolean,
    help: 'whether these secrets may go over http:// to other machines, where a mesh or the network encrypts',
  }),
  functionsCaFile: unset({
    group: 'Functions',
    flag: 'functions-ca-file',
    environment: 'FUNCTIONS_CA_FILE',
    parse: path,
    help: "PEM file of the CAs that the functions are verified against, instead of the system's; read again when it changes",
  }),
  functionsCertFile: unset({
    group: 'Functions',
    flag: 'functions-cert-file',
    environment: 'FUNCTIONS_CERT_FILE',
    parse: path,
    help: 'PEM file of the certificate that the shim shows to the functions (mTLS)',
  }),
  functionsKeyFile: unset({
    group: 'Functions',
    flag: 'functions-key-file',
    environment: 'FUNCTIONS_KEY_FILE',
    parse: path,
    help: 'PEM file of its private key',
  }),
  functionsProtocol: given({
    group: 'Functions',
    flag: 'functions-protocol',
    environment: 'FUNCTIONS_PROTOCOL',
    fallback: 'connect',
    parse: oneOf('connect', 'grpc', 'grpc-web'),
    help: 'connect, grpc (not for Workers) or grpc-web',
  }),
  functionsTimeout: given({
    group: 'Functions',
    flag: 'functions-timeout',
    environment: 'FUNCTIONS_TIMEOUT',
    fallback: '2s',
    parse: duration(10, 600_000),
    help: 'time for a call at one origin, with all its tries',
  }),
  functionsCompression: given({
    group: 'Functions',
    flag: 'functions-compression',
    environment: 'FUNCTIONS_COMPRESSION',
    fallback: 'off',
    parse: oneOf('off', 'gzip'),
    help: 'gzip compresses requests of 1 KiB and more, and takes compressed answers',
  }),
  recordDir: unset({
    group: 'Functions',
    flag: 'record',
    environment: 'TAILWAY_RECORD',
    parse: path,
    help: 'folder for the newest inputs and outputs of the functions, which `tailway replay` runs again',
  }),
} as const;

function firstToken(text: string): ReturnType<Parser<string>> {
  const token = text.split(',').find((part) => part.trim() !== '');
  if (token === undefined) throw new SettingError('a token, or several with commas between them');
  return secret(token);
}
