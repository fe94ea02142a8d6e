import type { DescMessage, DescMethodUnary, MessageShape, Registry } from '@bufbuild/protobuf';
import type { FunctionName } from './functions-client.ts';

/** A function as a client of it sees it: how it is called elsewhere and here, and what an answer must be like. */
export interface CallableFunction<I extends DescMessage, O extends DescMessage> {
  readonly name: FunctionName;
  readonly method: DescMethodUnary<I, O>;
  /** The same computation in this process. */
  compute(request: MessageShape<I>): MessageShape<O>;
  /** The request with what the function looks at, and nothing else: it has the same answer. */
  trim(request: MessageShape<I>): MessageShape<I>;
  /** The cheapest valid request, to find out whether the function is there. */
  probe(nowMs: number): MessageShape<I>;
  /** Why an answer can't be one to the request, as a sentence; undefined: it can. Garbage must not become endpoints. */
  findFault(request: MessageShape<I>, answer: MessageShape<O>): string | undefined;
  /** Whether equal requests come again, so that their answers are worth keeping. */
  readonly repeats: boolean;
  /** The types that stand in an `Any` of requests and answers. */
  readonly anyTypes: Registry | undefined;
}
