import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Manifest } from '../cluster/kubectl.ts';

/** What kubeconform has against the manifests, each with its kind and name; it fails for a kind without a schema. */
export async function findViolations(options: {
  readonly binary: string;
  /** Template of the schemas' names. */
  readonly schemas: string;
  readonly manifests: readonly Manifest[];
}): Promise<readonly string[]> {
  const args = ['-strict', '-output', 'json', '-schema-location', options.schemas, '-'];
  const child = spawn(options.binary, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(options.manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'));
  const { resources } = JSON.parse(await text(child.stdout)) as {
    resources: readonly { kind: string; name: string; status: string; msg: string }[] | null;
  };
  return (resources ?? []).map(({ kind, name, status, msg }) => `${kind} ${name}: ${status}: ${msg}`);
}
