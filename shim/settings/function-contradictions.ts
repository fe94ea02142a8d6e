import type { Settings } from './definitions.ts';

/** What can be wrong with the settings of the functions although each of them is right. */
export const functionRules: readonly ((settings: Settings) => readonly string[])[] = [
  ({ functionsAccessId, functionsAccessSecret }) => {
    if ((functionsAccessId === undefined) === (functionsAccessSecret === undefined)) return [];
    const missing = functionsAccessId === undefined ? 'FUNCTIONS_ACCESS_CLIENT_ID' : 'FUNCTIONS_ACCESS_CLIENT_SECRET';
    return [`${missing}: must be set too: a service token has an id and a secret`];
  },
  ({ functionsCertFile, functionsKeyFile }) => {
    if ((functionsCertFile === undefined) === (functionsKeyFile === undefined)) return [];
    const missing = functionsCertFile === undefined ? '--functions-cert-file' : '--functions-key-file';
    return [`${missing}: must be set too: a certificate is shown with its key`];
  },
  (settings) => settings.functionsUrls.flatMap((url) => findUrlContradictions(url, settings)),
];

function findUrlContradictions(url: string, settings: Settings): string[] {
  const { functionsToken, functionsAccessId, functionsPlaintextSecrets } = settings;
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return [];
  if (settings.functionsCaFile !== undefined || settings.functionsCertFile !== undefined) {
    return [`--functions-url: ${url} must begin with https:// where certificates are given`];
  }
  const hasSecrets = functionsToken !== undefined || functionsAccessId !== undefined;
  if (!hasSecrets || functionsPlaintextSecrets || isLoopback(hostname)) return [];
  return [
    `--functions-url: ${url} would get FUNCTIONS_TOKEN or the service token in plain text: give an https:// origin, or ` +
      'set --functions-plaintext-secrets=true where the network encrypts',
  ];
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
