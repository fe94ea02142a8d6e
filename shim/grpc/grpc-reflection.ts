import { createRegistry, toBinary } from '@bufbuild/protobuf';
import type { DescFile, DescService, MessageInitShape, Registry } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

import { ServerReflection } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import type {
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { createGrpcMethod } from './grpc-call.ts';
import { grpcCodes } from './grpc-stream.ts';
import type { GrpcMethod } from './grpc-stream.ts';

/** The part of a response that answers; the rest says what was asked. */
type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/**
 * Server reflection of `services`, by request path, so that grpcurl and `buf curl` need no schema. The older v1alpha has the
 * same messages under another name.
 *
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function createGrpcReflection(services: readonly DescService[]): ReadonlyMap<string, GrpcMethod> {
  const listed = [...services, ServerReflection];
  const files = collectFiles(listed.map((service) => service.file));
  const registry = createRegistry(...files.values());

  const method = createGrpcMethod(ServerReflection.method.serverReflectionInfo, (call) => ({
    request(request) {
      call.send({ validHost: request.host, originalRequest: request, messageResponse: answer(request) });
    },
    halfClosed: () => call.end(),
  }));

  function answer({ messageRequest }: ServerReflectionRequest): Answer {
    switch (messageRequest.case) {
      case 'listServices':
        return { case: 'listServicesResponse', value: { service: listed.map(({ typeName }) => ({ name: typeName })) } };
      case 'fileByFilename':
        return answerWithFile(files.get(messageRequest.value));
      case 'fileContainingSymbol':
        return answerWithFile(findSymbol(registry, messageRequest.value));
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = messageRequest.value;
        const message = registry.getMessage(containingType);
        return answerWithFile(message && registry.getExtensionFor(message, extensionNumber)?.file);
      }
      case 'allExtensionNumbersOfType':
        return answerWithExtensions(registry, messageRequest.value);
      default:
        return answerWithError(grpcCodes.invalidArgument, 'request asks for nothing');
    }
  }

  return new Map([
    [`/${ServerReflection.typeName}/ServerReflectionInfo`, method],
    ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', method],
  ]);
}

/** The files and all that they import, by their names as descriptors have them. */
function collectFiles(roots: readonly DescFile[]): ReadonlyMap<string, DescFile> {
  const files = new Map<string, DescFile>();
  const waiting = [...roots];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file.proto.name)) continue;
    files.set(file.proto.name, file);
    waiting.push(...file.dependencies);
  }
  return files;
}

/** The file that declares a type or service, or one that has `symbol` as its field, value or method. */
function findSymbol(registry: Registry, symbol: string): DescFile | undefined {
  const name = symbol.replace(/^\./, '');
  const desc = registry.get(name) ?? registry.get(name.slice(0, Math.max(0, name.lastIndexOf('.'))));
  return desc?.file;
}

/** A file with all that it imports, so that a client need not ask for those one by one. */
function answerWithFile(file: DescFile | undefined): Answer {
  if (file === undefined) return answerWithError(grpcCodes.notFound, 'no such file or symbol');
  const files = [...collectFiles([file]).values()];
  const fileDescriptorProto = files.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function answerWithExtensions(registry: Registry, typeName: string): Answer {
  if (registry.getMessage(typeName) === undefined) return answerWithError(grpcCodes.notFound, 'no such message');
  const extensionNumber: number[] = [];
  for (const desc of registry) {
    if (desc.kind === 'extension' && desc.extendee.typeName === typeName) extensionNumber.push(desc.number);
  }
  return { case: 'allExtensionNumbersResponse', value: { baseTypeName: typeName, extensionNumber } };
}

function answerWithError(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
