import {
  createRegistry,
  type DescFile,
  type DescService,
  type MessageInitShape,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';

/** The part of a response that answers; the rest says what was asked. */
type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/**
 * Creates what answers the requests of server reflection: it describes services, and all that they import.
 *
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * @param services those that are listed
 * @param others files that are described too, such as those of types that stand in an `Any`
 */
export function createReflectionAnswers(
  services: readonly DescService[],
  others: readonly DescFile[] = [],
): (request: ServerReflectionRequest) => Answer {
  const files = collectFiles([...services.map(({ file }) => file), ...others]);
  const registry = createRegistry(...files.values());
  return ({ messageRequest }) => {
    switch (messageRequest.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        };
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
        return answerWithError(Code.InvalidArgument, 'the request asks for nothing');
    }
  };
}

/** The files and all that they import, by their names as descriptors have them. */
function collectFiles(roots: readonly DescFile[]): ReadonlyMap<string, DescFile> {
  const files = new Map<string, DescFile>();
  const waiting = [...roots];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (!files.has(file.proto.name)) {
      files.set(file.proto.name, file);
      waiting.push(...file.dependencies);
    }
  }
  return files;
}

/** The file that declares a type or service, or one that has `symbol` as its field, value or method. */
function findSymbol(registry: Registry, symbol: string): DescFile | undefined {
  const name = symbol.replace(/^\./, '');
  return (registry.get(name) ?? registry.get(name.slice(0, Math.max(0, name.lastIndexOf('.')))))?.file;
}

/** A file with all that it imports, so that a client need not ask for those one by one. */
function answerWithFile(file: DescFile | undefined): Answer {
  if (file === undefined) {
    return answerWithError(Code.NotFound, 'no such file or symbol');
  }
  const files = [...collectFiles([file]).values()];
  const fileDescriptorProto = files.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function answerWithExtensions(registry: Registry, typeName: string): Answer {
  if (registry.getMessage(typeName) === undefined) {
    return answerWithError(Code.NotFound, 'no such message');
  }
  const extensionNumber = [...registry]
    .filter((desc) => desc.kind === 'extension' && desc.extendee.typeName === typeName)
    .map((desc) => (desc.kind === 'extension' ? desc.number : 0));
  return { case: 'allExtensionNumbersResponse', value: { baseTypeName: typeName, extensionNumber } };
}

function answerWithError(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
