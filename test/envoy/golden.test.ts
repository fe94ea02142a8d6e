import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JsonObject } from '@bufbuild/protobuf';
import { expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { createTestAuthority } from './test-certificate.ts';

const functions = join(import.meta.dirname, '..', '..', 'functions');

/** What Envoy is to accept of an answer. */
interface Answer {
  readonly clusters?: readonly { readonly cluster: JsonObject & { readonly name: string } }[];
  readonly overlay?: JsonObject;
  readonly virtualHosts?: readonly { readonly injected?: readonly { readonly route: JsonObject }[] }[];
}

/** The answers of a corpus, with the names of their cases. */
async function readAnswers(folder: string): Promise<{ readonly name: string; readonly answer: Answer }[]> {
  const files = (await readdir(join(functions, folder))).filter((file) => file.endsWith('.out.yaml'));
  return Promise.all(
    files.map(async (file) => ({
      name: file.replace('.out.yaml', ''),
      answer: (parse(await readFile(join(functions, folder, file), 'utf8')) as Answer | null) ?? {},
    })),
  );
}

/** Has Envoy check a configuration without running it; what it says where it refuses. The files of CAs are the test's. */
async function findRefusal(resources: JsonObject): Promise<string> {
  await using authority = await createTestAuthority();
  const folder = await mkdtemp(join(tmpdir(), 'tailway-golden-'));
  try {
    const file = join(folder, 'bootstrap.json');
    const bootstrap = JSON.stringify({ node: { id: 'test', cluster: 'test' }, static_resources: resources });
    await writeFile(file, bootstrap.replaceAll(/("filename":)"[^"]*"/g, `$1${JSON.stringify(authority.caFile)}`));
    await promisify(execFile)(inject('envoyBinary'), ['--mode', 'validate', '-c', file, '--log-level', 'error']);
    return '';
  } catch (err) {
    return (err as { readonly stderr?: string }).stderr ?? String(err);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

it('accepts every cluster of the golden cases', async () => {
  const answers = await readAnswers('clusters/testdata/compute-clusters');
  const clusters = answers.flatMap(({ name, answer }) =>
    (answer.clusters ?? []).map(({ cluster }) => Object.assign({}, cluster, { name: `${name} ${cluster.name}` })),
  );
  expect(clusters.length).toBeGreaterThan(20);
  expect(await findRefusal({ clusters })).toBe('');
});

it("accepts every overlay of the golden cases in a custom backend's cluster", async () => {
  const answers = await readAnswers('clusters/testdata/compute-backend-cluster');
  const clusters = answers.flatMap(({ name, answer }) => (answer.overlay ? [{ ...answer.overlay, name }] : []));
  expect(clusters.length).toBeGreaterThan(10);
  expect(await findRefusal({ clusters })).toBe('');
});

it('accepts every route of the golden cases', async () => {
  const answers = await readAnswers('routes/testdata/compute-routes');
  const virtualHosts = answers.flatMap(({ name, answer }) =>
    (answer.virtualHosts ?? []).map(({ injected = [] }, index) => ({
      name: `${name} ${index}`,
      domains: [`${name}-${index}.example`],
      routes: injected.map(({ route }) => route),
    })),
  );
  expect(virtualHosts.length).toBeGreaterThan(30);
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'http',
    route_config: { virtual_hosts: virtualHosts, validate_clusters: false },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  expect(await findRefusal({ listeners: [{ name: 'gateway', address, filter_chains: [{ filters }] }] })).toBe('');
});
