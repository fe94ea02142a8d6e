import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { KubeClient } from '../../shim/kubernetes/kube-client.ts';

/** Who asks: a user of the API server's, as it knows the user itself. */
export interface Subject {
  readonly user: string;
  readonly groups?: readonly string[];
}

/** What is asked for; without a namespace, in all of them. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A ServiceAccount as a subject. */
export function serviceAccount({ namespace, name }: { readonly namespace: string; readonly name: string }): Subject {
  return { user: `system:serviceaccount:${namespace}:${name}` };
}

/** Each access that a rule of a Role or a ClusterRole gives in a namespace. */
export function accessesOf(
  {
    apiGroups,
    resources,
    resourceNames = [],
    verbs,
  }: {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  },
  namespace?: string,
): readonly Access[] {
  const where = namespace === undefined ? {} : { namespace };
  const named = resourceNames.length === 0 ? [where] : resourceNames.map((name) => ({ ...where, name }));
  return apiGroups.flatMap((group) =>
    resources.flatMap((path) => {
      const [resource = '', subresource] = path.split('/', 2);
      const what = { group, resource, ...(subresource === undefined ? {} : { subresource }) };
      return verbs.flatMap((verb) => named.map((of): Access => Object.assign({}, of, what, { verb })));
    }),
  );
}

/** Whether the API server would let `subject` do it now. */
export async function mayAccess(client: KubeClient, subject: Subject, access: Access): Promise<boolean> {
  const review = await client.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...subject, resourceAttributes: access },
    },
    signal: new AbortController().signal,
  });
  return (review as { status: { allowed: boolean } }).status.allowed;
}

/** Waits until an API server's authorizer, which learns of Roles and bindings by a watch, decides as they say. */
export async function untilAccess(
  client: KubeClient,
  subject: Subject,
  accesses: readonly Access[],
  allowed = true,
): Promise<void> {
  for (const access of accesses) {
    await waitFor(`${subject.user} to ${allowed ? 'be' : 'not be'} allowed ${JSON.stringify(access)}`, async () =>
      (await mayAccess(client, subject, access)) === allowed ? true : undefined,
    );
  }
}
