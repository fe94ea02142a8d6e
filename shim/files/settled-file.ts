import type { BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** How long what is being written has to be left alone before it is read: it may be half-written, or gone for a moment. */
export const settleMs = 50;

/** How often settling is tried, so that what is written without end counts too. */
export const settleTries = 10;

/** Looks that a stamp has to survive until it is trusted: a second write may come within one tick of a file's times. */
export const trustedLooks = 3;

/** What a file may hold. */
const maxBytes = 64 * 1024 * 1024;

/**
 * What changes when a file is written or another one takes its place.
 *
 * @throws when it is too large to be read
 */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/**
 * The text of a file that was not written meanwhile, as far as that can be had, and its stamp; links are followed.
 *
 * @param stamp what was found before
 * @param settle waits {@link settleMs}
 * @throws when it cannot be read
 */
export async function readSettledFile(
  path: string,
  stamp: string,
  settle: () => Promise<void>,
): Promise<{ readonly text: string; readonly stamp: string }> {
  for (let tries = 1; ; tries++) {
    const text = await readFile(path, 'utf8');
    const after = stampOf(await stat(path, { bigint: true }));
    if (after === stamp || tries >= settleTries) return { text, stamp: after };
    stamp = after;
    await settle();
  }
}
