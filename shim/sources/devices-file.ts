import { LineCounter, parseDocument, type Document, type YAMLParseError } from 'yaml';
import type { RejectedDevice, SourceFailure } from './device-source.ts';
import { parseDeviceList, rejectionToRejectedDevice, type Path, type Where } from './device-list.ts';
import { parseTailscaleDevice } from './tailscale-device.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';

/** What the text of a devices file came to. */
export type ParsedDevicesFile =
  | { readonly ok: true; readonly devices: readonly Device[]; readonly rejected: readonly RejectedDevice[] }
  | { readonly ok: false; readonly failure: SourceFailure };

/** The longest JSON whose places are told with line and column: finding them costs a hundred times its reading. */
const maxLocatedLength = 200_000;

/**
 * Reads the text of a devices file: YAML or JSON in the shape of Tailscale's answer, `{"devices": […]}`. Whatever is
 * wrong is told with `path`, line and column; in a long JSON without the last two.
 */
export function parseDevicesFile(text: string, path: string): ParsedDevicesFile {
  const json = parseJson(text);
  return json === undefined ? parseYaml(text, path) : readList(json, path, locateInJson(text, path));
}

/** JSON is YAML too, but a hundred times faster to read as what it is; YAML's parser is for what has to be located. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseYaml(text: string, path: string): ParsedDevicesFile {
  const lines = new LineCounter();
  const positionAt = positionsIn(path, lines);
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
    const [error] = document.errors;
    if (error !== undefined) return invalid(`${positionAt(error.pos[0])}: ${messageOf(error)}`);
    if (document.contents === null) return invalid(`${path}: it is empty; no devices at all are {"devices": []}`);
    return readList(document.toJS(), path, locateIn(document, positionAt));
  } catch (err) {
    // Aliases without an anchor, or too many of them, are found only here; so is nesting without end.
    return invalid(`${path}: ${err instanceof Error ? err.message : 'it cannot be read'}`);
  }
}

function readList(content: unknown, path: string, where: Where): ParsedDevicesFile {
  const list = parseDeviceList(content, 'devices', parseTailscaleDevice, where);
  if (typeof list === 'string') return invalid(`${path}: ${list}`);
  const rejected = list.rejections.map((rejection) => rejectionToRejectedDevice(rejection, where));
  return { ok: true, devices: list.devices, rejected };
}

/** Places in JSON that has been read already: its text is looked at again only when the first is asked for. */
function locateInJson(text: string, path: string): Where {
  let where: Where | undefined;
  return (place) => {
    where ??= text.length > maxLocatedLength ? () => undefined : locateAgain(text, path);
    return where(place);
  };
}

/** What YAML's parser has against the text, such as a key that is there twice, is no matter: JSON's has taken it. */
function locateAgain(text: string, path: string): Where {
  try {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    return locateIn(document, positionsIn(path, lines));
  } catch {
    return () => undefined;
  }
}

function positionsIn(path: string, lines: LineCounter): (offset: number) => string {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
}

/** The parser's own words, but for those that only its callers understand. */
function messageOf({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; all devices belong into one';
  return message.startsWith('Maximum call stack') ? 'it is nested too deeply' : message;
}

function locateIn(document: Document, positionAt: (offset: number) => string): Where {
  return (path) => {
    const offset = offsetOf(document, path);
    return offset === undefined ? undefined : positionAt(offset);
  };
}

/** Where the node at `path` begins, or else the nearest one around it, for what is missing. */
function offsetOf(document: Document, path: Path): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (typeof node !== 'object' || node === null || !('range' in node)) continue;
    const range = node.range as readonly number[] | null | undefined;
    if (range?.[0] !== undefined) return range[0];
  }
  return undefined;
}

function invalid(detail: string): ParsedDevicesFile {
  return { ok: false, failure: { reason: 'invalid-answer', detail } };
}
