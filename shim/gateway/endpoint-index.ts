import { toBinary } from '@bufbuild/protobuf';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { type ServiceEndpoint, ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { digestOf } from './content-digest.ts';

/** An endpoint, and a hash of its content. */
export interface IndexedEndpoint {
  /** `namespace/resource/endpoint`. */
  readonly key: string;
  /** Name of its service. */
  readonly service: string;
  readonly endpoint: ServiceEndpoint;
  readonly digest: string;
}

/** The endpoints that are wanted, by resource, by service and by namespace. */
export interface EndpointIndex {
  /** Replaces the endpoints of a resource; tells the services that are touched. */
  replace(resource: string, endpoints: readonly ServiceEndpoint[]): string[];
  /** The endpoints of a service, ordered by key. */
  ofService(service: string): readonly IndexedEndpoint[];
  ofNamespace(namespace: string): Iterable<IndexedEndpoint>;
}

/** An index of no endpoints. */
export function createEndpointIndex(): EndpointIndex {
  const byResource = new Map<string, ReadonlyMap<string, IndexedEndpoint>>();
  const byService = new Map<string, Map<string, IndexedEndpoint>>();
  const byNamespace = new Map<string, Map<string, IndexedEndpoint>>();
  const remove = (each: IndexedEndpoint) => {
    deleteFrom(byService, each.service, each.key);
    deleteFrom(byNamespace, namespaceOf(each), each.key);
  };
  const add = (each: IndexedEndpoint) => {
    addTo(byService, each.service, each);
    addTo(byNamespace, namespaceOf(each), each);
  };
  return {
    replace(resource, endpoints) {
      const before = byResource.get(resource) ?? new Map<string, IndexedEndpoint>();
      const after = new Map(endpoints.map((endpoint) => toEntry(toIndexed(endpoint))));
      const gone = [...before.values()].filter(({ key }) => !after.has(key));
      const changed = [...after.values()].filter(({ key, digest }) => before.get(key)?.digest !== digest);
      gone.forEach(remove);
      changed.forEach(add);
      if (after.size > 0) byResource.set(resource, after);
      else byResource.delete(resource);
      return [...gone, ...changed].map(({ service }) => service);
    },
    ofService: (service) => [...(byService.get(service)?.values() ?? [])].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    ofNamespace: (namespace) => byNamespace.get(namespace)?.values() ?? [],
  };
}

function toIndexed(endpoint: ServiceEndpoint): IndexedEndpoint {
  const key = formatReference(endpoint.ref);
  const digest = digestOf(toBinary(ServiceEndpointSchema, endpoint));
  return { key, service: endpoint.ref?.endpoint ?? '', endpoint, digest };
}

const toEntry = (indexed: IndexedEndpoint): [string, IndexedEndpoint] => [indexed.key, indexed];

const namespaceOf = ({ endpoint }: IndexedEndpoint): string => endpoint.ref?.namespace ?? '';

type Buckets = Map<string, Map<string, IndexedEndpoint>>;

function addTo(buckets: Buckets, name: string, indexed: IndexedEndpoint): void {
  const bucket = buckets.get(name) ?? new Map<string, IndexedEndpoint>();
  bucket.set(indexed.key, indexed);
  buckets.set(name, bucket);
}

function deleteFrom(buckets: Buckets, name: string, key: string): void {
  const bucket = buckets.get(name);
  bucket?.delete(key);
  if (bucket?.size === 0) buckets.delete(name);
}
