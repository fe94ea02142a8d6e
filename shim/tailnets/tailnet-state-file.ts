import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of files, with what is added while they are written, may have 255 bytes; those of resources 253. */
const longestName = 180;

/** Where the last good devices of a TailscaleTailnet are saved: `<folder>/tailnets/<namespace>/<name>.json`. */
export function tailnetStateFile(
  folder: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): { readonly folder: string; readonly name: string } {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const short = name.length <= longestName ? name : `${name.slice(0, longestName - 17)}-${digest}`;
  return { folder: join(folder, 'tailnets', namespace), name: short };
}

/** Forgets what was saved of a TailscaleTailnet that is gone. */
export async function removeTailnetState(
  folder: string,
  resource: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const { folder: place, name } = tailnetStateFile(folder, resource);
  await rm(join(place, `${name}.json`), { force: true });
}
