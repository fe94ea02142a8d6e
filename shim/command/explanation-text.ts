import type {
  ExplainedCluster,
  ExplainedInjection,
  ExplainedRefusal,
  ExplainedVirtualHost,
} from '../extension/explanation.ts';
import type { FullExplanation } from '../admin/explain-page.ts';
import type { RefusedStatus } from '../admin/shim-status.ts';

/** What to show of an explanation. */
export interface ExplanationFilter {
  /** `namespace/name` of a Gateway; absent: all. */
  readonly gateway?: string;
  /** Part of a reference `namespace/resource/endpoint`; absent: all. */
  readonly endpoint?: string;
}

/** An explanation for people: for each virtual host and cluster what was injected, what was not, and why. */
export function formatExplanation(explanation: FullExplanation, filter: ExplanationFilter = {}): string {
  const virtualHosts = explanation.virtualHosts.filter(
    ({ gateway }) => filter.gateway === undefined || gateway === filter.gateway,
  );
  const sections = [
    explanation.synced
      ? `Resources are read; revision ${explanation.revision}.`
      : 'Resources are not read yet: hooks wait for them.',
    ...virtualHosts.map((virtualHost) => virtualHostText(virtualHost, filter)),
    clustersText(explanation.clusters, filter),
    refusedText(explanation.refused ?? [], filter),
  ];
  if (virtualHosts.length === 0) {
    sections.push(
      filter.gateway === undefined
        ? 'Envoy Gateway has not asked about a virtual host yet.'
        : `Envoy Gateway has not asked about a virtual host of ${filter.gateway} yet.`,
    );
  }
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function virtualHostText(virtualHost: ExplainedVirtualHost, { endpoint }: ExplanationFilter): string {
  const { name, domains, gateway, listener, injected, notInjected } = virtualHost;
  const where = gateway === '' ? '' : `, Gateway ${gateway}${listener === '' ? '' : `, listener ${listener}`}`;
  const lines = [
    ...injected.filter((route) => isAbout(route.endpoint, endpoint)).map(injectionLine),
    ...notInjected.filter((refusal) => isAbout(refusal.endpoint, endpoint)).map(refusalLine),
  ];
  return [`Virtual host ${name} (${domains.join(', ')})${where}`, ...(lines.length === 0 ? ['  nothing'] : lines)].join(
    '\n',
  );
}

function injectionLine({ route, endpoint, policy, shadowedBy, detail }: ExplainedInjection): string {
  const notes = [
    policy === '' ? '' : `policy ${policy}`,
    shadowedBy === '' ? '' : `behind the gateway's own route ${shadowedBy}`,
    detail,
  ];
  return `  + ${route}  ${endpoint}  ${notes.filter((note) => note !== '').join('; ')}`;
}

function refusalLine({ endpoint, reason, detail }: ExplainedRefusal): string {
  return `  - ${endpoint}  ${reason}: ${detail}`;
}

/** What never comes to a virtual host. */
function refusedText(refused: readonly RefusedStatus[], { endpoint: part }: ExplanationFilter): string {
  const lines = refused
    .map(({ resource, endpoint, reason, detail }) => ({
      about: `${resource}${endpoint === '' ? '' : `/${endpoint}`}`,
      why: `${reason}: ${detail}`,
    }))
    .filter(({ about }) => isAbout(about, part))
    .map(({ about, why }) => `  - ${about}  ${why}`);
  return lines.length === 0 ? '' : ['Refused', ...lines].join('\n');
}

function clustersText(clusters: readonly ExplainedCluster[], { endpoint }: ExplanationFilter): string {
  const shown = clusters.filter(({ endpoints }) => endpoints.some((each) => isAbout(each, endpoint)));
  if (shown.length === 0) return '';
  const lines = shown.map(({ name, injected, detail, endpoints, refused }) => {
    const line = `  ${injected ? '+' : '-'} ${name}  ${endpoints.join(', ')}${detail === '' ? '' : `  ${detail}`}`;
    return [line].concat(refused.map((refusal) => `  ${refusalLine(refusal)}`)).join('\n');
  });
  return ['Clusters', ...lines].join('\n');
}

function isAbout(reference: string, part: string | undefined): boolean {
  return part === undefined || reference.includes(part);
}
