import type { KubeClient } from '../../shim/kubernetes/kube-client.ts';

/** A token of an account, such as its Pods get. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export async function requestToken(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const answer = await client.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
    signal: AbortSignal.timeout(10_000),
  });
  return (answer as { status: { token: string } }).status.token;
}
