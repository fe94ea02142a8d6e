import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { createGrpcMethod } from './grpc-call.ts';
import { grpcCodes } from './grpc-stream.ts';
import type { GrpcMethod } from './grpc-stream.ts';

/** The health service, and what its answer depends on. */
export interface GrpcHealth {
  /** Methods by request path. */
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  /** Tells whoever watches. */
  setServing(serving: boolean): void;
}

/** How much of a name is repeated: peers end connections whose headers grow beyond a few kilobytes. */
const maxQuotedLength = 256;

/**
 * `grpc.health.v1.Health` for the server as a whole (the empty name) and each of `services`, all in the same health: not
 * serving at first.
 *
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function createGrpcHealth(services: readonly string[]): GrpcHealth {
  const names = ['', ...services];
  const watchers = new Set<() => void>();
  let serving = false;

  function statusOf(service: string): ServingStatus {
    if (!names.includes(service)) return ServingStatus.SERVICE_UNKNOWN;
    return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  const check = createGrpcMethod(Health.method.check, (call) => ({
    request({ service }) {
      if (!names.includes(service)) {
        call.end({ code: grpcCodes.notFound, message: `unknown service ${service.slice(0, maxQuotedLength)}` });
        return;
      }
      call.send({ status: statusOf(service) });
      call.end();
    },
  }));

  const list = createGrpcMethod(Health.method.list, (call) => ({
    request() {
      call.send({ statuses: Object.fromEntries(names.map((name) => [name, { status: statusOf(name) }])) });
      call.end();
    },
  }));

  const watch = createGrpcMethod(Health.method.watch, (call) => {
    let tell: (() => void) | undefined;
    return {
      request({ service }) {
        if (tell !== undefined) return;
        tell = () => call.send({ status: statusOf(service) });
        watchers.add(tell);
        tell();
      },
      closed() {
        if (tell !== undefined) watchers.delete(tell);
      },
    };
  });

  return {
    methods: new Map([
      [`/${Health.typeName}/Check`, check],
      [`/${Health.typeName}/List`, list],
      [`/${Health.typeName}/Watch`, watch],
    ]),
    setServing(next) {
      if (next === serving) return;
      serving = next;
      for (const tell of watchers) tell();
    },
  };
}
