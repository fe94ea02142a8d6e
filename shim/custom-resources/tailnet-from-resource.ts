import type { TailnetApi } from '../sources/api-source.ts';
import type { Finding } from './finding.ts';
import { durationToMs } from './field-schemas.ts';
import { parseField } from './parse-field.ts';
import { tailscaleTailnetSpecSchema, type TailnetSpec } from './tailscale-tailnet-schema.ts';

/** What a TailscaleTailnet asks for. */
export type WantedTailnet = TailnetSpec & { readonly api: TailnetApi; readonly pollIntervalMs: number };

/** What a TailscaleTailnet comes to. */
export interface ConvertedTailnet {
  /** Absent: something in it is wrong. */
  readonly tailnet: WantedTailnet | undefined;
  /** What does not count, and why. */
  readonly findings: readonly Finding[];
}

/** Converts the `spec` of a TailscaleTailnet, which nobody has checked. Secrets are named in it, and not read. */
export function tailnetFromResource({ spec: input }: { readonly spec: unknown }): ConvertedTailnet {
  const place = { path: 'spec', endpoint: '', effect: 'resource-refused' } as const;
  const { value: spec, findings } = parseField(tailscaleTailnetSpecSchema, input ?? {}, place);
  const tailnet = spec && { ...spec, api: toApi(spec), pollIntervalMs: durationToMs(spec.pollInterval) };
  return { tailnet, findings };
}

function toApi({ kind, apiURL = 'https://api.tailscale.com', tailnet }: TailnetSpec): TailnetApi {
  return { kind, apiUrl: apiURL.replace(/\/$/, ''), tailnet };
}
