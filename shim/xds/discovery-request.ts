import { emptyNameList } from './name-list.ts';
import type { NameList, NewestNameLists } from './name-list.ts';
import type { DeltaRequest } from './delta-subscription.ts';
import type { SotwRequest } from './sotw-subscription.ts';
import { createWireReader } from '../grpc/wire-reader.ts';
import type { WireReader } from '../grpc/wire-reader.ts';

/** A request of either variant: what it says about which type, and of whom. */
export interface DiscoveryRequestMessage<Request> {
  readonly typeUrl: string;
  /** Undefined: the request has no node. */
  readonly nodeId: string | undefined;
  readonly request: Request;
}

/** The lists of the last requests, by type. */
export type PreviousLists = ReadonlyMap<string, { readonly list: NameList }>;

/**
 * Reads what matters of a `DiscoveryRequest`, the commonest message of all: every client answers every response with one,
 * and repeats in it all its names. When their bytes are those of the `previous` list of the type, or of the `newest` of any
 * client, so are the names, and none is decoded.
 * Throws a RangeError for what is no message.
 */
export function decodeSotwRequest(
  message: Buffer,
  previous: PreviousLists,
  newest: NewestNameLists,
): DiscoveryRequestMessage<SotwRequest> & { readonly list: NameList } {
  const fields = createWireReader(message);
  let typeUrl = '';
  let nonce = '';
  let nodeId: string | undefined;
  let error: string | undefined;
  let start = message.length;
  let end = 0;
  while (fields.next()) {
    if (fields.field === 3) {
      start = Math.min(start, fields.start);
      fields.skip();
      end = fields.position;
    } else if (fields.field === 2) nodeId = decodeNodeId(fields.nested());
    else if (fields.field === 4) typeUrl = fields.text();
    else if (fields.field === 5) nonce = fields.text();
    else if (fields.field === 6) error = decodeErrorMessage(fields.nested());
    else fields.skip();
  }
  const bytes = message.subarray(start, Math.max(start, end));
  const known = previous.get(typeUrl)?.list ?? emptyNameList;
  const list = known.bytes.equals(bytes) ? known : newest.take(typeUrl, bytes, decodeNames);
  return { typeUrl, nodeId, request: { names: list.names, nonce, error }, list };
}

/** `DiscoveryRequest.resource_names`, from where the first starts to where the last ends. */
function decodeNames(bytes: Buffer): readonly string[] {
  const fields = createWireReader(bytes);
  const names: string[] = [];
  while (fields.next()) {
    if (fields.field === 3) names.push(fields.text());
    else fields.skip();
  }
  return names;
}

/** Reads what matters of a `DeltaDiscoveryRequest`. Throws a RangeError for what is no message. */
export function decodeDeltaRequest(message: Buffer): DiscoveryRequestMessage<DeltaRequest> {
  const fields = createWireReader(message);
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const initialVersions = new Map<string, string>();
  let typeUrl = '';
  let nonce = '';
  let nodeId: string | undefined;
  let error: string | undefined;
  while (fields.next()) {
    if (fields.field === 1) nodeId = decodeNodeId(fields.nested());
    else if (fields.field === 2) typeUrl = fields.text();
    else if (fields.field === 3) subscribe.push(fields.text());
    else if (fields.field === 4) unsubscribe.push(fields.text());
    else if (fields.field === 5) initialVersions.set(...decodeMapEntry(fields.nested()));
    else if (fields.field === 6) nonce = fields.text();
    else if (fields.field === 7) error = decodeErrorMessage(fields.nested());
    else fields.skip();
  }
  return { typeUrl, nodeId, request: { subscribe, unsubscribe, initialVersions, nonce, error } };
}

/** `envoy.config.core.v3.Node.id`; the rest of a node, which may be large, is not kept. */
function decodeNodeId(node: WireReader): string {
  return decodeTextField(node, 1);
}

/** `google.rpc.Status.message`. */
function decodeErrorMessage(status: WireReader): string {
  return decodeTextField(status, 2);
}

function decodeTextField(fields: WireReader, field: number): string {
  let text = '';
  while (fields.next()) {
    if (fields.field === field) text = fields.text();
    else fields.skip();
  }
  return text;
}

function decodeMapEntry(fields: WireReader): readonly [key: string, value: string] {
  let key = '';
  let value = '';
  while (fields.next()) {
    if (fields.field === 1) key = fields.text();
    else if (fields.field === 2) value = fields.text();
    else fields.skip();
  }
  return [key, value];
}
