import { type DescField, getOption, isFieldSet } from '@bufbuild/protobuf';
import { type Path } from '@bufbuild/protobuf/reflect';
import { Violation } from '@bufbuild/protovalidate';
import { Code, ConnectError } from '@connectrpc/connect';
import { field as fieldRules, RepeatedRulesSchema } from '../../proto/gen/buf/validate/validate_pb.ts';
import { maxRequestItems } from './limits.ts';
import { invalidArgument } from './request-validator.ts';

/** Where a message stands in a request; absent: it is the request. */
export interface Place {
  readonly parent: Place | undefined;
  readonly field: DescField;
  /** Its index when the field is a list. */
  readonly index?: number;
}

/** Counts what a request would become, while it is still bytes. */
export interface ItemCount {
  /**
   * Counts messages, elements of lists, entries of maps and unknown fields.
   *
   * @throws ConnectError ResourceExhausted, beyond {@link maxRequestItems}
   */
  add(items: number): void;
  /**
   * Checks a list's length against its rule `max_items`.
   *
   * @param place the message that has the list
   * @throws ConnectError InvalidArgument with the field, as the validator would
   */
  checkList(field: DescField, length: number, place: Place | undefined): void;
}

/** Creates the count of one request. */
export function createItemCount(): ItemCount {
  let total = 0;
  return {
    add(items) {
      total += items;
      if (total > maxRequestItems) {
        throw new ConnectError(
          `the request has more than ${maxRequestItems} messages, items of lists and entries of maps: ask in several calls`,
          Code.ResourceExhausted,
        );
      }
    },
    checkList(field, length, place) {
      const limit = maxItems(field);
      if (length > limit) {
        const path = [...toPath(place), field];
        const message = `must contain no more than ${limit} item(s)`;
        throw invalidArgument([new Violation(message, 'repeated.max_items', path, [], false)]);
      }
    },
  };
}

const limits = new WeakMap<DescField, number>();

/** What `(buf.validate.field).repeated.max_items` says; without it there is no limit. */
function maxItems(field: DescField): number {
  const known = limits.get(field);
  if (known !== undefined) {
    return known;
  }
  const { type } = getOption(field, fieldRules);
  const limit =
    type.case === 'repeated' && isFieldSet(type.value, RepeatedRulesSchema.field.maxItems)
      ? Number(type.value.maxItems)
      : Infinity;
  limits.set(field, limit);
  return limit;
}

function toPath(place: Place | undefined): Path {
  return place === undefined
    ? []
    : [
        ...toPath(place.parent),
        place.field,
        ...(place.index === undefined ? [] : [{ kind: 'list_sub' as const, index: place.index }]),
      ];
}
