import { formatStatusTime } from '../custom-resources/status-time.ts';
import type { Finding } from '../custom-resources/finding.ts';
import type { Condition, TailscaleTailnetStatus } from '../custom-resources/status-schemas.ts';
import type { SourceFailure } from '../sources/device-source.ts';
import type { HoldCause } from '../sources/hold.ts';
import type { DeviceStoreStatus } from '../sources/device-store.ts';
import type { CredentialsResult } from './tailnet-credentials.ts';

/** What the status of a TailscaleTailnet should say, but for the times of transitions. */
export type DesiredTailnetStatus = Omit<TailscaleTailnetStatus, 'conditions'> & {
  readonly conditions: readonly DesiredCondition[];
};

type DesiredCondition = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'> & {
  readonly observedGeneration: number;
};

/** What a status is computed from. */
export interface TailnetStatusInput {
  readonly generation: number;
  /** What of the resource does not count. */
  readonly findings: readonly Finding[];
  readonly credentials: CredentialsResult;
  /** Where the API is; undefined: nothing that was ever accepted names one. */
  readonly apiUrl: string | undefined;
  readonly pollInterval: string;
  /** Devices that count; undefined: none were ever read. */
  readonly devices: number | undefined;
  readonly reading: Pick<DeviceStoreStatus, 'failure' | 'heldCause' | 'lastSuccessAtMs'> | undefined;
}

/** Computes the status of a TailscaleTailnet. No secret is in it: what it is computed from has none. */
export function computeTailnetStatus(input: TailnetStatusInput): DesiredTailnetStatus {
  const { devices, reading, generation } = input;
  const conditions = [acceptedOf(input), resolvedOf(input), readyOf(input)];
  return {
    conditions: conditions.map((each) => Object.assign(each, { observedGeneration: generation })),
    ...(devices === undefined ? {} : { devices }),
    ...(reading?.lastSuccessAtMs === undefined ? {} : { lastSync: formatStatusTime(reading.lastSuccessAtMs) }),
  };
}

type Verdict = Omit<DesiredCondition, 'observedGeneration'>;

function acceptedOf({ findings, apiUrl }: TailnetStatusInput): Verdict {
  const refused = findings.filter(({ effect }) => effect === 'resource-refused');
  if (refused.length > 0) {
    const kept = apiUrl === undefined ? '' : '; the last good settings go on';
    return { type: 'Accepted', status: 'False', reason: refused[0]?.reason ?? 'Invalid', message: sum(refused) + kept };
  }
  if (findings.length > 0) {
    return { type: 'Accepted', status: 'True', reason: 'FieldsIgnored', message: sum(findings) };
  }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'All of it is as it should be.' };
}

function resolvedOf({ credentials, apiUrl }: TailnetStatusInput): Verdict {
  const type = 'ResolvedRefs';
  if (apiUrl === undefined) {
    return { type, status: 'Unknown', reason: 'Pending', message: 'Nothing is read before the resource is accepted.' };
  }
  switch (credentials.kind) {
    case 'credentials':
      return { type, status: 'True', reason: type, message: 'The Secret has the credentials.' };
    case 'pending':
      return { type, status: 'Unknown', reason: 'Pending', message: 'The Secret has not been read yet.' };
    case 'problem':
      return { type, status: 'False', reason: credentials.reason, message: credentials.detail };
    default:
      return credentials satisfies never;
  }
}

function readyOf(input: TailnetStatusInput): Verdict {
  const { credentials, reading, devices, apiUrl, pollInterval, findings } = input;
  const type = 'Ready';
  const stay = devices === undefined ? '' : `; the last good devices (${devices}) stay`;
  if (apiUrl === undefined) {
    const refused = findings.some(({ effect }) => effect === 'resource-refused');
    return refused
      ? { type, status: 'False', reason: 'NotAccepted', message: 'The resource is not accepted.' }
      : { type, status: 'Unknown', reason: 'Pending', message: 'The resource has not been looked at yet.' };
  }
  if (credentials.kind === 'problem') {
    return { type, status: 'False', reason: credentials.reason, message: `${credentials.detail}${stay}` };
  }
  if (reading?.failure !== undefined) {
    const { reason, detail } = reading.failure;
    return { type, status: 'False', reason: failureReasons[reason], message: `${detail}${stay}` };
  }
  if (reading?.heldCause !== undefined) {
    return { type, status: 'False', reason: 'Held', message: heldMessages[reading.heldCause](apiUrl, stay) };
  }
  if (reading?.lastSuccessAtMs === undefined) {
    const message = `The devices have not been read yet from ${apiUrl}${stay}.`;
    return { type, status: 'Unknown', reason: 'Pending', message };
  }
  const message = `The devices are read from ${apiUrl} every ${pollInterval}.`;
  return { type, status: 'True', reason: 'Ready', message };
}

const heldMessages: Readonly<Record<HoldCause, (apiUrl: string, stay: string) => string>> = {
  'devices-gone': (apiUrl) =>
    `Most devices are gone from the answer of ${apiUrl}: the last good ones are held for a while.`,
  'devices-offline': (apiUrl) =>
    `Most devices are suddenly offline in the answer of ${apiUrl}: they are held as they were for a while.`,
  'first-answer': (apiUrl, stay) =>
    `Nobody is online in the first answer of ${apiUrl}: it is not believed for a while${stay}.`,
};

const failureReasons: Readonly<Record<SourceFailure['reason'], string>> = {
  unauthorized: 'Unauthorized',
  forbidden: 'Forbidden',
  'not-found': 'NotFound',
  'rate-limited': 'RateLimited',
  'server-error': 'ServerError',
  timeout: 'Timeout',
  unreachable: 'Unreachable',
  'invalid-answer': 'InvalidAnswer',
  unreadable: 'Unreadable',
};

function sum(findings: readonly Finding[]): string {
  const told = findings.slice(0, 5).map(({ detail }) => detail);
  const more = findings.length > 5 ? ` (and ${findings.length - 5} more)` : '';
  return told.join('; ') + more;
}
