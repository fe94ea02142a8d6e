import { type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { parsePath } from '@bufbuild/protobuf/reflect';
import { createValidator, Violation, violationsToProto } from '@bufbuild/protovalidate';
import { Code, ConnectError } from '@connectrpc/connect';
import { type FieldViolation } from './field-violation.ts';

/** As many violations as one error tells: all of a large request would not fit into gRPC's trailers. */
const maxViolations = 20;

/** The longest violation that is told in full, for the same reason: a path may hold the key of a map. */
const maxViolationLength = 400;

/**
 * Creates the check of a function's requests: the rules in its proto, then those that a proto can't say.
 *
 * @param findMore the violations in a request that keeps its proto's rules
 * @returns a function that throws InvalidArgument, with `buf.validate.Violations` as its detail
 */
export function createRequestValidator<Desc extends DescMessage>(
  schema: Desc,
  findMore: (request: MessageShape<Desc>) => readonly FieldViolation[],
): (request: MessageShape<Desc>) => void {
  const validator = createValidator();
  return (request) => {
    const result = validator.validate(schema, request);
    if (result.kind === 'error') {
      throw new ConnectError('failed to validate the request', Code.Internal, undefined, undefined, result.error);
    }
    const violations =
      result.kind === 'invalid'
        ? result.violations
        : findMore(request).map(
            ({ path, rule, message }) => new Violation(message, rule, parsePath(schema, path), [], false),
          );
    if (violations.length > 0) {
      throw invalidArgument(violations);
    }
  };
}

/** The refusal of a request for what its fields break: in words, and with `buf.validate.Violations` as its detail. */
export function invalidArgument(violations: readonly Violation[]): ConnectError {
  const told = violations.slice(0, maxViolations);
  const sentences = told.map((violation) => shorten(violation.toString()));
  const more = violations.length - told.length;
  const message = sentences.join(', ') + (more > 0 ? `, and ${more} more` : '');
  const short = told.filter((violation) => violation.toString().length <= maxViolationLength);
  const [value, desc] = violationsToProto(short);
  return new ConnectError(message, Code.InvalidArgument, undefined, [{ desc, value }]);
}

function shorten(text: string): string {
  return text.length <= maxViolationLength ? text : `${text.slice(0, maxViolationLength)}…`;
}
