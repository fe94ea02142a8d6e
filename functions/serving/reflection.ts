import { createRegistry, type DescFile, type Registry } from '@bufbuild/protobuf';
import { type ConnectRouter } from '@connectrpc/connect';
import { ServerReflection } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { createReflectionAnswers } from './reflection-answers.ts';

/** The older service, whose messages are the same under another name. */
const olderPath = '/grpc.reflection.v1alpha.ServerReflection/';

/** Brings a path of the older reflection service to the one that is served; others stay. */
export function currentReflectionPath(path: string): string {
  return path.startsWith(olderPath) ? `/${ServerReflection.typeName}/${path.slice(olderPath.length)}` : path;
}

/**
 * Serves server reflection of the services that the router has so far, so that `buf curl` and grpcurl need no schema.
 *
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * @param anyTypes the types that stand in an `Any` of a response, which clients need to write it as JSON
 */
export function registerReflection(router: ConnectRouter, anyTypes: Registry = createRegistry()): void {
  const services = new Set([...router.handlers.map(({ service }) => service), ServerReflection]);
  const answer = createReflectionAnswers([...services], [...anyTypes].map(fileOf));
  router.service(ServerReflection, {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
      }
    },
  });
}

function fileOf(desc: { readonly file: DescFile }): DescFile {
  return desc.file;
}
