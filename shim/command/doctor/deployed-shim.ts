import { readFile } from 'node:fs/promises';
import { definitions } from '../../settings/definitions.ts';
import type { ClusterObjects, Person } from './cluster-objects.ts';

/** What a Deployment tells of the shims that it runs. */
export interface DeployedShim {
  /** The flags of `tailway serve`: `--namespaces=team-a`. */
  readonly flags: readonly string[];
  readonly account: Person;
  /** The Secrets that variables are taken from, with the keys that are taken. */
  readonly secrets: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Deployment {
  readonly spec?: { readonly template?: { readonly spec?: PodSpec } };
}

interface PodSpec {
  readonly serviceAccountName?: string;
  readonly containers?: readonly {
    readonly name: string;
    readonly args?: readonly string[];
    readonly env?: readonly {
      readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
    }[];
  }[];
}

/** Reads the Deployment; undefined: it is not there, may not be read, or runs something else. */
export async function findDeployedShim(
  cluster: ClusterObjects,
  { namespace, name }: Person,
): Promise<DeployedShim | undefined> {
  const found = await cluster.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  if (found.kind !== 'found') return undefined;
  // The API server's own answer.
  const { spec } = found.object as Deployment;
  const pod = spec?.template?.spec;
  const container = pod?.containers?.find((each) => each.name === 'tailway');
  if (container === undefined) return undefined;
  const references = (container.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  const keys = Map.groupBy(references, (reference) => reference.name);
  return {
    flags: serveFlags(container.args ?? []),
    account: { namespace, name: pod?.serviceAccountName ?? 'default' },
    secrets: new Map([...keys].map(([secret, all]) => [secret, new Set(all.map(({ key }) => key))])),
  };
}

/**
 * The flags of the shim that is the first process of this container, as it is in its image: a command that runs beside it
 * has its environment, but not its flags. Empty: there is none.
 */
export async function findFlagsBeside(commandLine = '/proc/1/cmdline'): Promise<readonly string[]> {
  const text = await readFile(commandLine, 'utf8').catch(() => '');
  const words = text.split('\0').filter((word) => word !== '');
  return words.some((word) => word.endsWith('tailway.mjs')) ? serveFlags(words) : [];
}

function serveFlags(words: readonly string[]): readonly string[] {
  return words.slice(words.indexOf('serve') + 1).filter((word) => word.startsWith('--'));
}

const { namespaces, grpcPort, xdsPort, healthAddress, tailnet, apiUrl, apiKind, discoveryTags, addressFamily } =
  definitions;

/** The settings that mean the same to somebody who is not in the Pod. */
const toOthers = [namespaces, grpcPort, xdsPort, healthAddress, tailnet, apiUrl, apiKind, discoveryTags, addressFamily];

/** The flags that mean something outside of the Pod too, but for those that a variable names otherwise. */
export function flagsForOthers(flags: readonly string[], environment: Readonly<NodeJS.ProcessEnv>): readonly string[] {
  const names = new Set(
    toOthers.filter((each) => (environment[each.environment] ?? '') === '').map(({ flag }) => `--${flag}`),
  );
  return flags.filter((flag) => names.has(flag.split('=', 1)[0] ?? '') && flag.includes('='));
}
