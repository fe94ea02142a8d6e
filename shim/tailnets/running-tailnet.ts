import { parseAllowedTargets } from '../../functions/service-endpoint/allowed-target.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { findForbiddenApi } from '../custom-resources/forbidden-api.ts';
import type { Finding } from '../custom-resources/finding.ts';
import type { CustomResource } from '../custom-resources/resource-source.ts';
import { formatTailnet } from '../custom-resources/tailnet-choice.ts';
import { type WantedTailnet, tailnetFromResource } from '../custom-resources/tailnet-from-resource.ts';
import { createApiSource, formatOrigin } from '../sources/api-source.ts';
import type { Clock } from '../timing/clock.ts';
import type { DeviceStoreStatus } from '../sources/device-store.ts';
import type { Log } from '../telemetry/log.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { createReachableDevices } from './reachable-devices.ts';
import type { SecretSource, SecretState } from './secret-source.ts';
import { type CredentialsResult, secretNameOf, takeCredentials } from './tailnet-credentials.ts';
import { createTailnetReader, type TailnetReader } from './tailnet-reader.ts';
import { tailnetStateFile } from './tailnet-state-file.ts';
import { computeTailnetStatus, type DesiredTailnetStatus } from './tailnet-status.ts';

/** The settings that all tailnets share. */
export interface TailnetSettings {
  readonly holdEmpty: number;
  readonly requestTimeout: number;
  readonly attributesInterval: number;
  readonly stateDir: string | undefined;
  /** Addresses of APIs and of devices that are allowed although they are refused by default. */
  readonly allowTargets: readonly string[];
}

/** One TailscaleTailnet at work. */
export interface RunningTailnet {
  /** What the resource says from now on. */
  update(resource: CustomResource): void;
  /** The devices that count, as the API names them; undefined: none were ever read. */
  devices(): readonly Device[] | undefined;
  /** Whether it is known, or known not to be readable for now. Never turns false again. */
  isSettled(): boolean;
  /** For metrics; undefined: nothing was ever accepted. */
  reading(): { readonly source: string; readonly status: DeviceStoreStatus } | undefined;
  status(): DesiredTailnetStatus;
  /** Ends reading, and saves what is not saved yet. */
  close(): Promise<void>;
}

/** What a running tailnet is made of. */
export interface RunningTailnetOptions {
  readonly settings: TailnetSettings;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly log: Log;
  /** The devices, whether it is settled, or what the status says may be different now. */
  readonly onChange: () => void;
}

/** An API that is read, and the memory of its devices. */
interface Session {
  readonly origin: string;
  readonly reader: TailnetReader;
  readonly restored: Promise<void>;
  /** The source that runs, and what it was made of. */
  source?: { readonly content: string; readonly end: AbortController; readonly done: Promise<void> };
}

/**
 * Reads the devices of a TailscaleTailnet as long as it says how. What is wrong with the resource, with its Secret or with
 * the API leaves the last good devices in place; an API that is another one replaces them by its first answer.
 */
export function createRunningTailnet(first: CustomResource, options: RunningTailnetOptions): RunningTailnet {
  const { settings, secrets, clock, onChange } = options;
  const { namespace } = first;
  const allowed = parseAllowedTargets(settings.allowTargets);
  const admit = createReachableDevices(allowed);
  const guardedFetch = createGuardedFetch(allowed);
  const log = options.log.child({ tailnet: formatTailnet(first) });
  let resource = first;
  let findings: readonly Finding[] = [];
  let wanted: WantedTailnet | undefined;
  let secret: SecretState = { kind: 'pending' };
  let watched: { readonly name: string; readonly stop: () => void } | undefined;
  let credentials: CredentialsResult = { kind: 'pending' };
  let session: Session | undefined;
  /** Of a former API, until the present one has answered. */
  let former: readonly Device[] | undefined;
  let closing: Promise<void> = Promise.resolve();
  let closed = false;

  function update(next: CustomResource): void {
    resource = next;
    const converted = tailnetFromResource(next);
    const forbidden = converted.tailnet === undefined ? [] : findForbiddenApi(converted.tailnet, settings.allowTargets);
    findings = [...converted.findings, ...forbidden];
    for (const { reason, detail } of findings)
      log.warn({ reason, detail }, 'a TailscaleTailnet is not as it should be');
    if (forbidden.length === 0) wanted = converted.tailnet ?? wanted;
    if (wanted !== undefined) watchSecret(secretNameOf(wanted));
    reconcile();
  }

  function watchSecret(name: string): void {
    if (watched?.name === name) return;
    watched?.stop();
    secret = { kind: 'pending' };
    let stopped = false;
    const stop = secrets.watch({ namespace, name }, (state) => {
      if (stopped || closed) return;
      secret = state;
      if (watched !== undefined) reconcile();
    });
    watched = {
      name,
      stop() {
        stopped = true;
        stop();
      },
    };
  }

  /** Brings what runs to what is wanted. */
  function reconcile(): void {
    if (wanted !== undefined && !closed) {
      const current = sessionOf(wanted);
      credentials = takeCredentials(namespace, wanted, secret);
      if (credentials.kind === 'credentials') runSource(current, wanted, credentials);
      if (credentials.kind === 'problem') {
        endSource(current);
        const { detail } = credentials;
        tellProblem(current, detail).catch((err: unknown) => log.error({ err, detail }, 'failed to tell a problem'));
      }
    }
    onChange();
  }

  function sessionOf({ api }: WantedTailnet): Session {
    const origin = formatOrigin(api);
    if (session?.origin === origin) return session;
    if (session !== undefined) {
      log.info({ origin, before: session.origin }, 'reads another API');
      former = session.reader.devices() ?? former;
      closing = closeSession(session, closing);
    }
    const reader = createTailnetReader({
      origin,
      ...(settings.stateDir === undefined ? {} : { stateFile: tailnetStateFile(settings.stateDir, first) }),
      holdMs: settings.holdEmpty,
      clock,
      log: log.child({ source: api.kind }),
      admit,
      onDevices: () => {
        former = undefined;
        onChange();
      },
      onRead: onChange,
    });
    // The state on disk is that of the former API, if there was one.
    const restored = former === undefined ? reader.restore() : Promise.resolve();
    session = { origin, reader, restored };
    return session;
  }

  function runSource(current: Session, { api, pollIntervalMs }: WantedTailnet, found: CredentialsResult): void {
    if (found.kind !== 'credentials') return;
    // In memory alone: it holds the secret.
    const content = JSON.stringify([api, pollIntervalMs, found.credentials]);
    if (current.source?.content === content) return;
    const before = current.source;
    before?.end.abort();
    const end = new AbortController();
    const run = async () => {
      await current.restored;
      await before?.done;
      if (end.signal.aborted) return;
      const create = () =>
        createApiSource({
          api,
          credentials: found.credentials,
          pollIntervalMs,
          requestTimeoutMs: settings.requestTimeout,
          attributesMaxAgeMs: settings.attributesInterval,
          known: current.reader.known,
          fetch: guardedFetch,
          clock,
          log,
        });
      await current.reader.run(create, end.signal);
    };
    current.source = { content, end, done: run() };
  }

  function endSource(current: Session): void {
    current.source?.end.abort();
    delete current.source;
  }

  async function tellProblem(current: Session, detail: string): Promise<void> {
    if (current.reader.status().failure?.detail === detail) return;
    await current.restored;
    const isStill = credentials.kind === 'problem' && credentials.detail === detail && session === current && !closed;
    if (isStill) current.reader.failed({ reason: 'unreadable', detail });
  }

  async function closeSession(ending: Session, before: Promise<void>): Promise<void> {
    const done = ending.source?.done;
    endSource(ending);
    await before;
    await done;
    await ending.reader.close();
  }

  const running: RunningTailnet = {
    update,
    devices: () => session?.reader.devices() ?? former,
    isSettled() {
      if (running.devices() !== undefined) return true;
      if (wanted === undefined) return findings.length > 0;
      return credentials.kind === 'problem' || session?.reader.status().failure !== undefined;
    },
    reading: () =>
      session === undefined || wanted === undefined
        ? undefined
        : { source: wanted.api.kind, status: session.reader.status() },
    status: () =>
      computeTailnetStatus({
        generation: resource.generation,
        findings,
        credentials,
        apiUrl: wanted?.api.apiUrl,
        pollInterval: wanted?.pollInterval ?? '',
        devices: running.devices()?.length,
        reading: session?.reader.status(),
      }),
    async close() {
      closed = true;
      watched?.stop();
      if (session !== undefined) closing = closeSession(session, closing);
      await closing;
    },
  };
  update(first);
  return running;
}
