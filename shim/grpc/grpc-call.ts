import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

import { encodeFrame } from './frame.ts';
import { grpcCodes } from './grpc-stream.ts';
import type { GrpcMethod, GrpcStatus, GrpcStream } from './grpc-stream.ts';

/** A call of small messages that are read and written with the generated types. */
export interface GrpcCall<Output extends DescMessage> {
  send(message: MessageInitShape<Output>): void;
  end(status?: GrpcStatus): void;
}

/** What is done with a call. */
export interface GrpcCallHandler<Input extends DescMessage> {
  request(request: MessageShape<Input>): void;
  /** The client sends no more. */
  halfClosed?(): void;
  closed?(): void;
}

/** The types of a call's messages, as a generated service has them. */
export interface GrpcCallTypes<Input extends DescMessage, Output extends DescMessage> {
  readonly input: Input;
  readonly output: Output;
}

const ok: GrpcStatus = { code: grpcCodes.ok, message: '' };

/** A method on generated types, for what is not called often. */
export function createGrpcMethod<Input extends DescMessage, Output extends DescMessage>(
  types: GrpcCallTypes<Input, Output>,
  createHandler: (call: GrpcCall<Output>) => GrpcCallHandler<Input>,
): GrpcMethod {
  return (stream) => {
    const handler = createHandler({
      send: (message) => stream.write(encodeFrame([toBinary(types.output, create(types.output, message))])),
      end: (status = ok) => stream.end(status),
    });
    let asked = false;
    return {
      message(bytes) {
        asked = true;
        const request = decode(types.input, bytes, stream);
        if (request !== undefined) handler.request(request);
      },
      halfClosed() {
        if (asked) handler.halfClosed?.();
        else stream.end({ code: grpcCodes.invalidArgument, message: 'call without a request' });
      },
      closed: () => handler.closed?.(),
    };
  };
}

function decode<Input extends DescMessage>(
  input: Input,
  bytes: Buffer,
  stream: GrpcStream,
): MessageShape<Input> | undefined {
  try {
    return fromBinary(input, bytes);
  } catch {
    stream.end({ code: grpcCodes.invalidArgument, message: `failed to decode the request as ${input.typeName}` });
    return undefined;
  }
}
