import type { Settings } from '../settings/definitions.ts';
import type { Clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { FunctionsClient } from './functions-client.ts';
import { createInProcessFunctions } from './in-process-functions.ts';
import { type OriginCaller, createOriginCaller } from './origin-caller.ts';
import { createRecordedFunctions } from './recorded-functions.ts';
import { createRecorder } from './recorder.ts';
import { createRemoteFunctions } from './remote-functions.ts';
import { createTlsFiles } from './tls-files.ts';

/** How long changes are collected before they are computed: remote calls cost a way there and back each. */
export function changeDelayMs({ functionsUrls }: Pick<Settings, 'functionsUrls'>): number {
  return functionsUrls.length === 0 ? 0 : 20;
}

/**
 * The functions as the settings say: in this process, or remote, and recorded where that is wanted.
 *
 * @throws Error that names the setting, when a file of certificates can't be read
 */
export function createConfiguredFunctions(
  settings: Settings,
  parts: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
): FunctionsClient {
  const { recordDir: folder } = settings;
  const functions = createPlacedFunctions(settings, parts);
  return folder === undefined
    ? functions
    : createRecordedFunctions(functions, { ...parts, recorder: createRecorder({ folder, ...parts }) });
}

function createPlacedFunctions(
  settings: Settings,
  parts: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
): FunctionsClient {
  const { clock, log, metrics } = parts;
  const [first, ...others] = createOriginCallers(settings, parts);
  if (first === undefined) return createInProcessFunctions({ clock, metrics });
  const { functionsProtocol: protocol, functionsFallback: fallback } = settings;
  log.info({ urls: settings.functionsUrls, protocol, fallback }, 'functions are called remotely');
  return createRemoteFunctions({
    callers: [first, ...others],
    fallback,
    timeoutMs: settings.functionsTimeout,
    clock,
    random: () => Math.random(),
    metrics,
    log,
  });
}

/**
 * A caller for each origin of the settings, in their order.
 *
 * @throws Error that names the setting, when a file of certificates can't be read
 */
export function createOriginCallers(
  settings: Settings,
  parts: { readonly clock: Clock; readonly log: Log },
): OriginCaller[] {
  const { functionsUrls, functionsProtocol: protocol, functionsCompression: compression } = settings;
  if (functionsUrls.length === 0) return [];
  const tls = readTlsFiles(settings, parts);
  const headers = toHeaders(settings);
  return functionsUrls.map((origin) =>
    createOriginCaller({ origin, protocol, compression, headers, tls, clock: parts.clock }),
  );
}

/** The shim's proof of who it is. */
function toHeaders(settings: Settings): Readonly<Record<string, string>> {
  const { functionsToken, functionsAccessId, functionsAccessSecret } = settings;
  return {
    ...(functionsToken === undefined ? {} : { authorization: `Bearer ${functionsToken}` }),
    ...(functionsAccessId === undefined ? {} : { 'cf-access-client-id': functionsAccessId }),
    ...(functionsAccessSecret === undefined ? {} : { 'cf-access-client-secret': functionsAccessSecret }),
  };
}

function readTlsFiles(settings: Settings, parts: { readonly clock: Clock; readonly log: Log }) {
  const { functionsCaFile: ca, functionsCertFile: cert, functionsKeyFile: key } = settings;
  try {
    return createTlsFiles({ ca, cert, key }, parts);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const flags = '--functions-ca-file, --functions-cert-file, --functions-key-file';
    throw new Error(`failed to read certificates: ${reason}; check ${flags}`, { cause });
  }
}
