import { readFile } from 'node:fs/promises';
import type { Device } from '../../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Settings } from '../../settings/definitions.ts';
import { createApiKey } from '../../sources/access-token.ts';
import { apiBase, readApiList } from '../../sources/api-list.ts';
import type { Clock } from '../../timing/clock.ts';
import type { ParsedEntry } from '../../sources/device-list.ts';
import { parseDevicesFile } from '../../sources/devices-file.ts';
import { parseHeadscaleNode } from '../../sources/headscale-node.ts';
import { type Answer, type RequestJson, createJsonClient } from '../../sources/json-request.ts';
import { createTailscaleApi } from '../../sources/tailscale-api.ts';
import { parseTailscaleDevice } from '../../sources/tailscale-device.ts';
import type { Finding } from './diagnosis.ts';

/** What credentials are good for, and the devices that were read with them. */
export interface CredentialsCheck {
  readonly findings: readonly Finding[];
  /** Undefined: they could not be read, or there is nothing to read them from. */
  readonly devices: readonly Device[] | undefined;
}

/**
 * Reads the devices once, as the shim would, and asks for whatever else it asks for.
 *
 * @param parts `areElsewhere`: somebody else has credentials, so that none here are nothing to tell of
 */
export async function checkCredentials(
  settings: Settings,
  parts: { readonly clock: Clock; readonly signal: AbortSignal; readonly areElsewhere: boolean },
): Promise<CredentialsCheck> {
  if (settings.devices !== undefined) return checkFile(settings.devices);
  const request = createJsonClient({ fetch, clock: parts.clock, timeoutMs: settings.requestTimeout });
  if (settings.apiKind === 'headscale' && settings.apiToken !== undefined) {
    return checkHeadscale(settings.apiUrl, settings.apiToken, request, parts.signal);
  }
  if (settings.apiToken !== undefined || settings.oauthClientId !== undefined) {
    return checkTailscale(settings, request, parts);
  }
  if (parts.areElsewhere) {
    const detail = 'are read with credentials that are not seen from here';
    const remedy = 'run it in the Pod: kubectl exec … -- tailway doctor, or with the same variables';
    return { findings: [{ level: 'skipped', subject: 'devices', detail, remedy }], devices: undefined };
  }
  const finding: Finding = {
    level: 'warning',
    subject: 'devices',
    detail: 'are read from nowhere by the settings of this environment',
    remedy:
      'set TS_ENVOY_API_TOKEN, TS_ENVOY_OAUTH_CLIENT_ID and TS_ENVOY_OAUTH_CLIENT_SECRET, or TAILWAY_DEVICES; ' +
      'TailscaleTailnets bring their own',
  };
  return { findings: [finding], devices: undefined };
}

async function checkFile(path: string): Promise<CredentialsCheck> {
  const subject = `devices file ${path}`;
  try {
    const parsed = parseDevicesFile(await readFile(path, 'utf8'), path);
    if (!parsed.ok) return failed(subject, parsed.failure.detail);
    const { devices, rejected } = parsed;
    return { findings: listFindings(subject, { devices, rejected }), devices };
  } catch (err) {
    return failed(subject, err instanceof Error ? err.message : String(err));
  }
}

async function checkHeadscale(
  apiUrl: string,
  apiKey: string,
  request: RequestJson,
  signal: AbortSignal,
): Promise<CredentialsCheck> {
  const base = apiBase(apiUrl);
  const subject = `headscale at ${base}`;
  const bearer = await createApiKey(apiKey).get(signal);
  if (!bearer.ok) return failed(subject, bearer.failure.detail);
  const headers = { authorization: `Bearer ${bearer.value}` };
  const remedies = { unauthorized: 'the API key is refused: `headscale apikeys create` makes another' };
  const answer = await request({ url: new URL(`${base}/api/v1/node`), headers, remedies }, signal);
  return listed(subject, answer, 'nodes', parseHeadscaleNode, base);
}

async function checkTailscale(
  settings: Settings,
  request: RequestJson,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<CredentialsCheck> {
  const { apiUrl, apiToken: key, oauthClientId: clientId = '', oauthClientSecret: clientSecret = '' } = settings;
  const kind = key === undefined ? 'OAuth client' : 'API key';
  const subject = `${kind} at ${apiBase(apiUrl)}`;
  const credentials =
    key === undefined ? ({ kind: 'oauth', clientId, clientSecret } as const) : ({ kind: 'api-key', key } as const);
  const api = createTailscaleApi({ apiUrl, tailnet: settings.tailnet, credentials, request, clock });
  const answer = await listed(subject, await api.devices(signal), 'devices', parseTailscaleDevice, apiBase(apiUrl));
  const [device] = answer.devices ?? [];
  if (device === undefined) return answer;
  const attributes = await api.attributes(device.id, signal);
  if (attributes.ok) return answer;
  const finding: Finding = {
    level: 'warning',
    subject: 'posture attributes',
    detail: `cannot be read, so custom:lb-weight and its like do not count: ${attributes.failure.detail}`,
  };
  return { ...answer, findings: [...answer.findings, finding] };
}

async function listed(
  subject: string,
  answer: Answer<unknown>,
  key: 'devices' | 'nodes',
  parse: (entry: unknown) => ParsedEntry,
  base: string,
): Promise<CredentialsCheck> {
  const list = answer.ok ? await readApiList(answer.value, key, parse, base) : answer;
  if (!list.ok) return failed(subject, list.failure.detail);
  return { findings: listFindings(subject, list.value), devices: list.value.devices };
}

function listFindings(
  subject: string,
  { devices, rejected }: { devices: readonly Device[]; rejected: readonly { place: string; detail: string }[] },
): Finding[] {
  return [
    { level: 'ok', subject, detail: `${devices.length} devices are read` },
    ...rejected.slice(0, 10).map(({ place, detail }): Finding => ({ level: 'warning', subject: place, detail })),
  ];
}

function failed(subject: string, detail: string): CredentialsCheck {
  return { findings: [{ level: 'problem', subject, detail }], devices: undefined };
}
