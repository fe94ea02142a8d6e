import type { KubeClient } from '../../kubernetes/kube-client.ts';
import { KubeError } from '../../kubernetes/kube-error.ts';

/** What came of asking for an object: it, that there is none, or why that cannot be told. */
export type FoundObject =
  | { readonly kind: 'found'; readonly object: unknown }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly detail: string };

/** A cluster as a doctor asks it: nothing is ever changed. */
export interface ClusterObjects {
  get(path: string): Promise<FoundObject>;
  /** Whether someone may do something; undefined: that cannot be told. */
  mayAccess(access: Access, who: Person | undefined): Promise<boolean | undefined>;
}

/** Something that RBAC decides. https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
export interface Access {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

/** A ServiceAccount. */
export interface Person {
  readonly namespace: string;
  readonly name: string;
}

const timeoutMs = 10_000;

/** Asks by a client. A review is the API server's answer to a question: it stores nothing. */
export function createClusterObjects(client: KubeClient, signal: AbortSignal): ClusterObjects {
  return {
    async get(path) {
      try {
        return { kind: 'found', object: await client.request({ path, timeoutMs, signal }) };
      } catch (err) {
        if (!(err instanceof KubeError)) throw err;
        return err.status === 404 ? { kind: 'absent' } : { kind: 'unknown', detail: err.message };
      }
    },
    async mayAccess(access, who) {
      const kind = who === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind,
        spec: { resourceAttributes: access, ...(who === undefined ? {} : subjectOf(who)) },
      };
      const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
      try {
        // The API server's own answer.
        const review = (await client.request({ method: 'POST', path, body, timeoutMs, signal })) as {
          readonly status?: { readonly allowed?: boolean };
        };
        return review.status?.allowed === true;
      } catch (err) {
        if (!(err instanceof KubeError)) throw err;
        return undefined;
      }
    },
  };
}

/** As the API server sees the ServiceAccount's token. */
function subjectOf({ namespace, name }: Person): object {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}
