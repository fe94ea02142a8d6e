import { createHash } from 'node:crypto';
import { type DescMethodUnary, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';

/** What came of a call: a digest of the response's bytes, or the refusal in words. */
export type Outcome = string;

/** The outcome of a response. */
export function responseOutcome(method: DescMethodUnary, response: MessageShape<DescMessage>): Outcome {
  return createHash('sha256').update(toBinary(method.output, response)).digest('hex');
}

/** Calls a method with each request, a few at a time, and keeps the order. */
export async function callAll(
  transport: Transport,
  method: DescMethodUnary,
  requests: readonly MessageShape<DescMessage>[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let start = 0; start < requests.length; start += 32) {
    const batch = requests.slice(start, start + 32);
    outcomes.push(...(await Promise.all(batch.map((request) => call(transport, method, request)))));
  }
  return outcomes;
}

async function call(
  transport: Transport,
  method: DescMethodUnary,
  request: MessageShape<DescMessage>,
): Promise<Outcome> {
  try {
    const { message } = await transport.unary(method, undefined, undefined, undefined, request);
    return responseOutcome(method, message);
  } catch (err) {
    const { code, rawMessage } = ConnectError.from(err);
    return `${Code[code]}: ${rawMessage}`;
  }
}
