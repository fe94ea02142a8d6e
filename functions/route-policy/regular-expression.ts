/** How often a part may be repeated, the repetitions around it multiplied: RE2's limit. */
const maxRepetitions = 1000;

/** What is left of an expression after a part of it, or what is wrong. */
interface State {
  readonly text: string;
  position: number;
  fault: string | undefined;
}

/**
 * Says why Envoy's RE2 would refuse an expression; absent: it takes it. One bad expression would make Envoy refuse all
 * routes of a gateway, so what is not surely RE2 is refused here: look-around, back references, possessive repetition,
 * unknown escapes and flags, and counts beyond RE2's limit.
 *
 * https://github.com/google/re2/wiki/Syntax
 */
export function findExpressionFault(text: string): string | undefined {
  if (text === '') {
    return 'must not be empty';
  }
  if (!text.isWellFormed()) {
    return 'must be well-formed Unicode';
  }
  const state: State = { text, position: 0, fault: undefined };
  const repetitions = readAlternatives(state, 0);
  if (state.position < text.length) {
    fail(state, 'has a ) too much');
  }
  if (repetitions > maxRepetitions) {
    fail(state, `repeats a part of itself more than ${maxRepetitions} times`);
  }
  return state.fault;
}

/** Each reader returns how often what it has read repeats a part of itself at most. */
function readAlternatives(state: State, depth: number): number {
  if (depth > 100) {
    fail(state, 'nests more than 100 groups');
  }
  let repetitions = 1;
  while (state.fault === undefined && state.position < state.text.length && peek(state) !== ')') {
    if (peek(state) === '|') {
      state.position += 1;
    } else {
      repetitions = Math.max(repetitions, readRepeated(state, depth));
    }
  }
  return repetitions;
}

function readRepeated(state: State, depth: number): number {
  if (take(state, /^\(\?[imsU]+\)/) !== undefined) {
    if (/^[*+?{]/.test(peek(state))) {
      fail(state, `has nothing to repeat at ${state.position}`);
    }
    return 1;
  }
  const repetitions = readAtom(state, depth);
  const repetition = take(state, /^(?:[*+?]|\{([0-9]{1,4})(?:,([0-9]{1,4})?)?\})\??/);
  if (repetition === undefined) {
    return repetitions;
  }
  const [whole, low = '1', high = low] = repetition;
  if (/^[*+?{]/.test(peek(state))) {
    fail(state, `has a repetition of a repetition at ${state.position}`);
  }
  if (Number(high) < Number(low)) {
    fail(state, `has a repetition that ends before it begins: ${whole}`);
  }
  return repetitions * Math.max(Number(high), 1);
}

function readAtom(state: State, depth: number): number {
  const next = peek(state);
  if (next === '(') {
    return readGroup(state, depth);
  }
  if (next === '[') {
    readClass(state);
  } else if (next === '\\') {
    readEscape(state, /^\\(?:[dDwWsSbBAzaftnrv]|[!-/:-@[-`{-~]|x[0-9A-Fa-f]{2})/);
  } else if (/^[*+?{}\]]$/.test(next)) {
    fail(state, `has ${next} at ${state.position} without a backslash before it`);
  } else {
    take(state, /^./su);
  }
  return 1;
}

function readGroup(state: State, depth: number): number {
  const opening = take(state, /^\((?:\?(?:[imsU]*:|P<[A-Za-z_][A-Za-z0-9_]*>))?/);
  if (opening === undefined || peek(state) === '?') {
    fail(state, `has a group at ${state.position} of a kind that RE2 does not know`);
    return 1;
  }
  const repetitions = readAlternatives(state, depth + 1);
  if (take(state, /^\)/) === undefined) {
    fail(state, 'has a ( too much');
  }
  return repetitions;
}

function readClass(state: State): void {
  take(state, /^\[\^?/);
  let members = 0;
  while (state.fault === undefined && !/^\]?$/.test(peek(state))) {
    members += 1;
    readClassMember(state);
  }
  if (state.fault === undefined && (members === 0 || take(state, /^\]/) === undefined)) {
    fail(state, members === 0 ? 'has an empty class []' : 'has a [ too much');
  }
}

function readClassMember(state: State): void {
  if (
    take(state, /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/)
  ) {
    return;
  }
  if (peek(state) === '[') {
    fail(state, `has [ at ${state.position} within a class without a backslash before it`);
    return;
  }
  if (peek(state) === '\\') {
    readEscape(state, /^\\(?:[dDwWsSaftnrv]|[!-/:-@[-`{-~]|x[0-9A-Fa-f]{2})/);
    return;
  }
  const [, from = '', to] = take(state, /^([^\]\\])(?:-([^\]\\[]))?/su) ?? [];
  if (to !== undefined && (to.codePointAt(0) ?? 0) < (from.codePointAt(0) ?? 0)) {
    fail(state, `has a range that ends before it begins: ${from}-${to}`);
  }
}

function readEscape(state: State, known: RegExp): void {
  if (take(state, known) === undefined) {
    fail(state, `has an escape that RE2 does not know at ${state.position}`);
  }
}

function peek({ text, position }: State): string {
  return text.charAt(position);
}

function take(state: State, expression: RegExp): RegExpExecArray | undefined {
  const found = expression.exec(state.text.slice(state.position));
  state.position += found?.[0].length ?? 0;
  return found ?? undefined;
}

function fail(state: State, fault: string): void {
  state.fault ??= fault;
}
