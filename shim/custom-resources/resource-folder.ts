import { createHash } from 'node:crypto';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameValue } from '../same-value.ts';
import { readSettledFile, settleTries, stampOf, trustedLooks } from '../files/settled-file.ts';
import { type FileFault, parseResourceFile } from './resource-file.ts';
import { type ContentResource, formatResourceKey, toContentResource } from './unique-resources.ts';

/** A file as it was found on the last look. */
export interface FileLook {
  /** What changes when the file is written or another one takes its place; empty: it cannot be read. */
  readonly stamp: string;
  /** Looks in a row that saw this stamp. */
  readonly looks: number;
  readonly digest: string;
  /** What counts of it, the last good content of what cannot be read included. */
  readonly resources: readonly ContentResource[];
  readonly faults: readonly FileFault[];
}

/** The files of a folder by their paths. */
export type FolderLook = ReadonlyMap<string, FileLook>;

/**
 * Looks at all files of a folder that can hold resources, links followed, and reads those that are not as they were.
 *
 * @param settle waits until files that are being written have had time to become whole
 * @throws when the folder cannot be read
 */
export async function lookAtFolder(folder: string, last: FolderLook, settle: () => Promise<void>): Promise<FolderLook> {
  const looks = new Map<string, FileLook>();
  for (const [path, found] of await findSettled(folder, last, settle)) {
    looks.set(path, await lookAtFile(path, found, last.get(path), settle));
  }
  return looks;
}

/**
 * The files of a folder, as soon as it is left alone, as far as that can be had: some programs delete a file to write it
 * anew, and a folder is deleted file by file.
 */
async function findSettled(folder: string, last: FolderLook, settle: () => Promise<void>): Promise<FoundFiles> {
  let files = await findFiles(folder);
  if (isAsBefore(files, last)) return files;
  for (let tries = 1; ; tries++) {
    await settle();
    const after = await findFiles(folder);
    if (tries >= settleTries || isSameValue([...after], [...files])) return after;
    files = after;
  }
}

/** In the order of their paths. */
async function findFiles(folder: string): Promise<FoundFiles> {
  const paths = (await readdir(folder)).filter(isResourceFile).map((name) => join(folder, name));
  const files = new Map<string, FoundFile>();
  for (const path of paths.toSorted()) {
    const found = await findStamp(path);
    if (found.kind !== 'none') files.set(path, found);
  }
  return files;
}

/** Whether no file was written, and none is gone. */
function isAsBefore(files: FoundFiles, last: FolderLook): boolean {
  const isSame = ([path, found]: readonly [string, FoundFile]) =>
    found.kind === 'unreadable' || found.stamp === last.get(path)?.stamp;
  return [...files].every(isSame) && [...last.keys()].every((path) => files.has(path));
}

/** Hidden files are those of editors and, in a ConfigMap's volume, of Kubernetes. */
function isResourceFile(name: string): boolean {
  return /\.(yaml|yml|json)$/.test(name) && !name.startsWith('.');
}

type FoundFile =
  | { readonly kind: 'file'; readonly stamp: string }
  | { readonly kind: 'unreadable'; readonly detail: string };

type FoundFiles = ReadonlyMap<string, FoundFile>;

async function findStamp(path: string): Promise<FoundFile | { readonly kind: 'none' }> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) return { kind: 'none' };
    return { kind: 'file', stamp: stampOf(found) };
  } catch (err) {
    // Between listing and looking a file may have been deleted; a link that leads nowhere is still there.
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    return isThere ? { kind: 'unreadable', detail: messageOf(err) } : { kind: 'none' };
  }
}

async function lookAtFile(
  path: string,
  found: FoundFile,
  last: FileLook | undefined,
  settle: () => Promise<void>,
): Promise<FileLook> {
  if (found.kind === 'unreadable') return unreadable(path, found.detail, last);
  if (last?.stamp === found.stamp && last.looks >= trustedLooks) return last;
  try {
    const { text, stamp } = await readSettledFile(path, found.stamp, settle);
    const looks = last?.stamp === stamp ? last.looks + 1 : 1;
    const digest = createHash('sha256').update(text).digest('hex');
    if (last?.digest === digest) return { ...last, stamp, looks };
    if (text === '' && last !== undefined && last.resources.length > 0) {
      return unreadable(path, 'it is empty; what it held stays until it is deleted', last);
    }
    return { stamp, looks, digest, ...readText(text, path, last) };
  } catch (err) {
    return unreadable(path, messageOf(err), last);
  }
}

/** While a document is wrong, nothing that the file held is gone: it may be what the document holds. */
function readText(text: string, path: string, last: FileLook | undefined): Pick<FileLook, 'resources' | 'faults'> {
  const parsed = parseResourceFile(text, path);
  const resources = parsed.resources.map(toContentResource);
  if (parsed.faults.length === 0) return { resources, faults: [] };
  const keys = new Set(parsed.resources.map(formatResourceKey));
  const kept = (last?.resources ?? []).filter(({ resource }) => !keys.has(formatResourceKey(resource)));
  return { resources: [...resources, ...kept], faults: parsed.faults };
}

function unreadable(path: string, detail: string, last: FileLook | undefined): FileLook {
  return { stamp: '', looks: 0, digest: '', resources: last?.resources ?? [], faults: [{ place: path, detail }] };
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
