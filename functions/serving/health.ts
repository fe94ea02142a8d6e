import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus } from '../../proto/gen/grpc/health/v1/health_pb.ts';

const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;

/** Path of the check that a prober without credentials may make: Kubernetes' gRPC probes can send none. */
export const healthCheckPath = `/${Health.typeName}/Check`;

/**
 * Serves gRPC's health protocol for the services that the router has so far, and for the server as a whole. Functions
 * hold no state: they serve until the server stops.
 *
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 *
 * @param stopping fires when the server begins to stop
 */
export function registerHealth(router: ConnectRouter, stopping: AbortSignal): void {
  const names = new Set(['', ...router.handlers.map(({ service }) => service.typeName)]);
  const status = () => (stopping.aborted ? NOT_SERVING : SERVING);
  router.service(Health, {
    check({ service }) {
      if (!names.has(service)) {
        throw new ConnectError(`no such service: ${service}`, Code.NotFound);
      }
      return { status: status() };
    },
    list() {
      return { statuses: Object.fromEntries([...names].map((name) => [name, { status: status() }])) };
    },
    async *watch({ service }, { signal }) {
      if (!names.has(service)) {
        yield { status: HealthCheckResponse_ServingStatus.SERVICE_UNKNOWN };
      } else {
        yield { status: status() };
      }
      if (!stopping.aborted) {
        await aborted(AbortSignal.any([stopping, signal]));
      }
      if (stopping.aborted && !signal.aborted && names.has(service)) {
        yield { status: status() };
      }
    },
  });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
}
