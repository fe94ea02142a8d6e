/** A kubeconfig of an EKS cluster, as `aws eks update-kubeconfig` writes it. */
export function kubeconfigOf(options: {
  readonly cluster: string;
  readonly region: string;
  /** URL of the API server. */
  readonly server: string;
  /** Its authority's certificate, PEM in base64. */
  readonly ca: string;
}): string {
  const { cluster: name, region, server, ca } = options;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: 'aws',
    args: ['--region', region, 'eks', 'get-token', '--cluster-name', name, '--output', 'json'],
  };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return `${JSON.stringify(kubeconfig, undefined, 2)}\n`;
}
