import { type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import { type FieldViolation } from '../serving/field-violation.ts';

/** The longest duration that a proto may hold, in seconds. */
const maxSeconds = 315_576_000_000n;

/**
 * Finds the durations in settings, at any depth, that Envoy can't work with: those that are no
 * duration, and those below a millisecond that are not zero, which its timers round down to nothing.
 */
export function findDurationViolations<Desc extends DescMessage>(
  schema: Desc,
  settings: MessageShape<Desc>,
): FieldViolation[] {
  return inspectMessage(reflect(schema, settings), '');
}

function inspectMessage(message: ReflectMessage, prefix: string): FieldViolation[] {
  return message.fields.flatMap((field) => {
    if (field.fieldKind !== 'message' || !message.isSet(field)) {
      return [];
    }
    const path = `${prefix}${field.name}`;
    const value = message.get(field);
    return field.message.typeName === DurationSchema.typeName
      ? inspectDuration(value.message as Duration, path)
      : inspectMessage(value, `${path}.`);
  });
}

function inspectDuration({ seconds, nanos }: Duration, path: string): FieldViolation[] {
  if (nanos < 0 || nanos > 999_999_999 || seconds < 0n || seconds > maxSeconds) {
    return [{ path, rule: 'duration.valid', message: 'must be a duration of 0 to 315576000000 seconds' }];
  }
  return seconds === 0n && nanos > 0 && nanos < 1_000_000
    ? [{ path, rule: 'duration.whole_millisecond', message: 'must be at least 1ms' }]
    : [];
}
