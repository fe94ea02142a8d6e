import type { Settings } from './definitions.ts';

/** What is wrong with the settings of the functions although each of them is right. */
export function findFunctionContradictions(settings: Settings): string[] {
  const errors: string[] = [];
  const { functionsAccessId, functionsAccessSecret, functionsCertFile, functionsKeyFile } = settings;
  if ((functionsAccessId === undefined) !== (functionsAccessSecret === undefined)) {
    const missing = functionsAccessId === undefined ? 'FUNCTIONS_ACCESS_CLIENT_ID' : 'FUNCTIONS_ACCESS_CLIENT_SECRET';
    errors.push(`${missing}: must be set too: a service token has an id and a secret`);
  }
  if ((functionsCertFile === undefined) !== (functionsKeyFile === undefined)) {
    const missing = functionsCertFile === undefined ? '--functions-cert-file' : '--functions-key-file';
    errors.push(`${missing}: must be set too: a certificate is shown with its key`);
  }
  for (const url of settings.functionsUrls) errors.push(...findUrlContradictions(url, settings));
  return errors;
}

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
