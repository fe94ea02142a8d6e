import type { ClusterObjects } from './cluster-objects.ts';
import type { DeployedShim } from './deployed-shim.ts';
import type { Finding } from './diagnosis.ts';

/** What a tailnet is read with: a key, or a client with its secret. */
const key = 'TS_ENVOY_API_TOKEN';
const client = ['TS_ENVOY_OAUTH_CLIENT_ID', 'TS_ENVOY_OAUTH_CLIENT_SECRET'];

/** Whether the Secrets that the Deployment names are there, with what a tailnet is read with. No value is told. */
export async function checkSecrets(
  cluster: ClusterObjects,
  { account: { namespace }, secrets }: DeployedShim,
): Promise<Finding[]> {
  return Promise.all(
    [...secrets].map(async ([name, taken]): Promise<Finding> => {
      const subject = `Secret ${namespace}/${name}`;
      const found = await cluster.get(`/api/v1/namespaces/${namespace}/secrets/${name}`);
      const create = `kubectl -n ${namespace} create secret generic ${name} --from-literal=${key}=tskey-api-…`;
      if (found.kind === 'unknown') return { level: 'skipped', subject, detail: found.detail };
      if (found.kind === 'absent') {
        const detail = 'is not there, though the Deployment takes credentials from it: no tailnet is read with them';
        return { level: 'warning', subject, detail, remedy: create };
      }
      // The API server's own answer.
      const keys = Object.keys((found.object as { readonly data?: object | null }).data ?? {});
      const has = (each: string) => keys.includes(each) && taken.has(each);
      if (has(key) || client.every(has)) {
        return { level: 'ok', subject, detail: `has ${(has(key) ? [key] : client).join(' and ')}` };
      }
      const detail = `has neither ${key} nor ${client.join(' and ')}, but ${keys.join(', ') || 'nothing'}`;
      const remedy = `kubectl -n ${namespace} delete secret ${name}, then: ${create}`;
      return { level: 'warning', subject, detail, remedy };
    }),
  );
}
