import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the API server was asked by one account. */
export interface AuditedRequest {
  readonly verb: string;
  readonly group: string;
  /** `tailscaleendpoints`, or with its subresource `tailscaleendpoints/status`. */
  readonly resource: string;
  readonly namespace: string;
  /** Of the object; empty for a collection. */
  readonly name: string;
  /** The HTTP status of the answer. */
  readonly status: number;
}

/** The API server's own record of all requests that were answered. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ */
export interface AuditLog {
  /** The flags that make an API server keep it. */
  readonly flags: readonly string[];
  /** What a ServiceAccount has asked for so far. */
  requestsOf(account: { readonly namespace: string; readonly name: string }): Promise<readonly AuditedRequest[]>;
}

/** A record in `folder`. */
export async function createAuditLog(folder: string): Promise<AuditLog> {
  const policy = join(folder, 'audit-policy.json');
  const log = join(folder, 'audit.log');
  await writeFile(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }],
    }),
  );
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    async requestsOf({ namespace, name }) {
      const user = `system:serviceaccount:${namespace}:${name}`;
      const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
      return lines.flatMap((line) => {
        const event = JSON.parse(line) as AuditEvent;
        return event.user.username === user && event.objectRef !== undefined ? [requestOf(event, event.objectRef)] : [];
      });
    },
  };
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: ObjectRef;
  readonly responseStatus?: { readonly code: number };
}

interface ObjectRef {
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

function requestOf({ verb, responseStatus }: AuditEvent, ref: ObjectRef): AuditedRequest {
  const { apiGroup = '', resource = '', subresource, namespace = '', name = '' } = ref;
  return {
    verb,
    group: apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    status: responseStatus?.code ?? 0,
  };
}
