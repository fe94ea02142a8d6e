import { createRegistry } from '@bufbuild/protobuf';
import type { DescService, Registry } from '@bufbuild/protobuf';
import { createReflectionAnswers } from '../../functions/serving/reflection-answers.ts';
import { ServerReflection } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { createGrpcMethod } from './grpc-call.ts';
import type { GrpcMethod } from './grpc-stream.ts';

/**
 * Server reflection of `services`, by request path, so that grpcurl and `buf curl` need no schema. The older v1alpha has the
 * same messages under another name.
 *
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * @param anyTypes the types that stand in an `Any` of a message, which clients need to write it as JSON
 */
export function createGrpcReflection(
  services: readonly DescService[],
  anyTypes: Registry = createRegistry(),
): ReadonlyMap<string, GrpcMethod> {
  const files = [...anyTypes].map(({ file }) => file);
  const answer = createReflectionAnswers([...services, ServerReflection], files);
  const method = createGrpcMethod(ServerReflection.method.serverReflectionInfo, (call) => ({
    request(request) {
      call.send({ validHost: request.host, originalRequest: request, messageResponse: answer(request) });
    },
    halfClosed: () => call.end(),
  }));
  return new Map([
    [`/${ServerReflection.typeName}/ServerReflectionInfo`, method],
    ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', method],
  ]);
}
