import type { DescService } from '@bufbuild/protobuf';
import { createReflectionAnswers } from '../../functions/serving/reflection-answers.ts';
import { ServerReflection } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { createGrpcMethod } from './grpc-call.ts';
import type { GrpcMethod } from './grpc-stream.ts';

/**
 * Server reflection of `services`, by request path, so that grpcurl and `buf curl` need no schema. The older v1alpha has the
 * same messages under another name.
 *
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function createGrpcReflection(services: readonly DescService[]): ReadonlyMap<string, GrpcMethod> {
  const answer = createReflectionAnswers([...services, ServerReflection]);
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
