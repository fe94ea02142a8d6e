import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { resourceFromObject } from './resource-from-object.ts';
import type { CustomResource } from './resource-source.ts';

/** Something in a file that cannot be used. */
export interface FileFault {
  /** `file.yaml:3:7`. */
  readonly place: string;
  readonly detail: string;
}

/** What a file holds. */
export interface ParsedResourceFile {
  readonly resources: readonly CustomResource[];
  readonly faults: readonly FileFault[];
}

/**
 * Reads the text of a YAML or JSON file with any number of documents, lists of objects (`kind: List`) included.
 * Objects of other kinds are passed over; a document that is wrong is no matter to the others.
 */
export function parseResourceFile(text: string, path: string): ParsedResourceFile {
  const resources: CustomResource[] = [];
  const faults: FileFault[] = [];
  const read = (object: unknown, place: string, line: string) => {
    for (const item of itemsOf(object)) {
      const found = resourceFromObject(item, line);
      if (found.kind === 'resource') resources.push(found.resource);
      if (found.kind === 'fault') faults.push({ place, detail: found.detail });
    }
  };
  const json = parseJson(text);
  if (json !== undefined) {
    read(json, `${path}:1:1`, `${path}:1`);
    return { resources, faults };
  }
  const lines = new LineCounter();
  for (const document of documentsOf(text, lines)) {
    const { line, col } = lines.linePos(startOf(document));
    const place = `${path}:${line}:${col}`;
    const [error] = document.errors;
    if (error !== undefined) {
      const at = lines.linePos(error.pos[0]);
      faults.push({ place: `${path}:${at.line}:${at.col}`, detail: error.message });
      continue;
    }
    const object = documentToObject(document);
    if (object.ok) read(object.value, place, `${path}:${line}`);
    else faults.push({ place, detail: object.detail });
  }
  return { resources, faults };
}

/** JSON is YAML too, but a hundred times faster to read as what it is. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function documentsOf(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, merge: true });
  return Array.isArray(documents) ? documents : [];
}

function startOf(document: Document.Parsed): number {
  return document.contents?.range[0] ?? document.range[0];
}

type ObjectOrFault = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly detail: string };

/** By way of JSON: what that cannot hold (a list in itself, nesting without end) no Kubernetes object holds. */
function documentToObject(document: Document.Parsed): ObjectOrFault {
  try {
    return { ok: true, value: JSON.parse(JSON.stringify(document.toJS() ?? null)) };
  } catch (err) {
    return { ok: false, detail: err instanceof Error ? err.message : 'it cannot be read' };
  }
}

/** The objects of a list, as `kubectl get -o yaml` writes it, or the object itself. */
function itemsOf(object: unknown): readonly unknown[] {
  if (typeof object !== 'object' || object === null || !('kind' in object) || !('items' in object)) return [object];
  return typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object.items)
    ? object.items
    : [object];
}
