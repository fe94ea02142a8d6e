import type { Finding } from './diagnosis.ts';

/**
 * The part of Envoy Gateway's configuration that is about extension servers.
 *
 * https://gateway.envoyproxy.io/docs/api/extension_types/#extensionmanager
 */
interface ExtensionManager {
  readonly maxMessageSize?: string | number;
  readonly policyResources?: readonly KindName[];
  readonly backendResources?: readonly KindName[];
  readonly hooks?: {
    readonly xdsTranslator?: {
      readonly post?: readonly string[];
      readonly translation?: Readonly<Record<string, { readonly includeAll?: boolean }>>;
    };
  };
  readonly service?: {
    readonly fqdn?: { readonly hostname?: string; readonly port?: number };
    readonly ip?: { readonly address?: string; readonly port?: number };
    readonly host?: string;
    readonly port?: number;
  };
}

interface KindName {
  readonly group?: string;
  readonly kind?: string;
}

const group = 'gateway.tailscale.com';

const remedy =
  'merge the extensionManager of deploy/envoy-gateway into the configuration of Envoy Gateway, then restart it';

/** What each hook is for; without the first two nothing is injected. */
const hooks: readonly { readonly name: string; readonly level: 'problem' | 'warning'; readonly lost: string }[] = [
  { name: 'VirtualHost', level: 'problem', lost: 'no routes are injected' },
  { name: 'Translation', level: 'problem', lost: 'no clusters are injected' },
  { name: 'Route', level: 'warning', lost: 'TailscaleRoutePolicies that name HTTPRoutes have no effect' },
  { name: 'Cluster', level: 'warning', lost: 'backendRefs that name TailscaleEndpoints lead nowhere' },
];

/** Whether a configuration of Envoy Gateway asks the extension server, for all that it answers. */
export function checkExtensionManager(
  configuration: unknown,
  service: { readonly namespace: string; readonly name: string; readonly port: number },
): Finding[] {
  const managers = managersOf(configuration);
  const host = `${service.name}.${service.namespace}.svc`;
  const own = managers.find((manager) => hostOf(manager) === host || (hostOf(manager) ?? '').startsWith(`${host}.`));
  if (own === undefined) {
    const others = managers.map(hostOf).filter((each) => each !== undefined);
    const detail = others.length === 0 ? 'is not there' : `names ${others.join(', ')}, not ${host}`;
    return [{ level: 'problem', subject: 'extensionManager', detail: `${detail}: no hook is called`, remedy }];
  }
  const findings = [
    ...checkPort(own, service.port),
    ...checkHooks(own),
    ...checkKinds(own),
    ...checkMessageSize(own.maxMessageSize),
  ];
  const [first] = findings;
  if (first !== undefined) return findings;
  return [{ level: 'ok', subject: 'extensionManager', detail: `asks ${host}:${service.port} for all that is needed` }];
}

function managersOf(configuration: unknown): ExtensionManager[] {
  // Whatever a person wrote; each field is looked at with care.
  const { extensionManager, extensionManagers } = (configuration ?? {}) as {
    readonly extensionManager?: ExtensionManager | null;
    readonly extensionManagers?: readonly ExtensionManager[] | null;
  };
  const several = Array.isArray(extensionManagers) ? extensionManagers : [];
  return [extensionManager, ...several].filter((each) => typeof each === 'object' && each !== null);
}

function hostOf({ service }: ExtensionManager): string | undefined {
  return service?.fqdn?.hostname ?? service?.ip?.address ?? service?.host;
}

function checkPort({ service }: ExtensionManager, port: number): Finding[] {
  const found = service?.fqdn?.port ?? service?.port;
  if (found === port) return [];
  const detail = `names port ${found ?? '(none)'}; the extension server is at ${port}`;
  return [{ level: 'problem', subject: 'extensionManager.service', detail, remedy }];
}

function checkHooks({ hooks: configured }: ExtensionManager): Finding[] {
  const { post = [], translation = {} } = configured?.xdsTranslator ?? {};
  const missing = hooks
    .filter(({ name }) => !post.includes(name))
    .map(({ name, level, lost }): Finding => ({
      level,
      subject: 'extensionManager.hooks',
      detail: `xdsTranslator.post lacks ${name}: ${lost}`,
      remedy,
    }));
  if (translation['cluster']?.includeAll === false) {
    const detail = 'translation.cluster.includeAll is false: no clusters are injected';
    missing.push({ level: 'problem', subject: 'extensionManager.hooks', detail, remedy });
  }
  if (post.includes('Translation') && translation['route']?.includeAll !== true) {
    const detail = 'translation.route.includeAll is not set: Gateways without HTTPRoutes get no routes';
    missing.push({ level: 'warning', subject: 'extensionManager.hooks', detail, remedy });
  }
  return missing;
}

function checkKinds({ policyResources = [], backendResources = [] }: ExtensionManager): Finding[] {
  const has = (kinds: readonly KindName[], kind: string) =>
    kinds.some((each) => each.group === group && each.kind === kind);
  const findings: Finding[] = [];
  if (!has(policyResources, 'TailscaleGatewayRevision')) {
    const detail = 'lacks TailscaleGatewayRevision: changes wait until Envoy Gateway translates for another reason';
    findings.push({ level: 'problem', subject: 'extensionManager.policyResources', detail, remedy });
  }
  if (!has(policyResources, 'TailscaleRoutePolicy')) {
    const detail = 'lacks TailscaleRoutePolicy: policies get no status, and do not reach HTTPRoutes';
    findings.push({ level: 'warning', subject: 'extensionManager.policyResources', detail, remedy });
  }
  if (has(policyResources, 'TailscaleEndpoints')) {
    const detail =
      'names TailscaleEndpoints, which is no policy: Envoy Gateway then drops every policy listed after it';
    findings.push({ level: 'problem', subject: 'extensionManager.policyResources', detail, remedy });
  }
  if (!has(backendResources, 'TailscaleEndpoints')) {
    const detail = 'lacks TailscaleEndpoints: backendRefs cannot name them';
    findings.push({ level: 'warning', subject: 'extensionManager.backendResources', detail, remedy });
  }
  return findings;
}

/** Envoy Gateway's own limit where none is set. */
const smallBytes = 4 * 1024 * 1024;

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  Ki: 1024,
  M: 1e6,
  Mi: 1024 ** 2,
  G: 1e9,
  Gi: 1024 ** 3,
};

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function checkMessageSize(size: ExtensionManager['maxMessageSize']): Finding[] {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([kKMG]i?)?$/.exec(String(size ?? '')) ?? [];
  const bytes = number === '' ? 0 : Number(number) * (units[unit] ?? 0);
  if (bytes > smallBytes) return [];
  const what = size === undefined ? 'is not set: 4 MiB' : `is ${size}`;
  const detail = `${what}: larger translations fail; 1000M is what Tailway takes`;
  return [{ level: 'warning', subject: 'extensionManager.maxMessageSize', detail, remedy }];
}
