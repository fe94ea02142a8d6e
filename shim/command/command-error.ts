/** The command was called in a way that means nothing: status 2, with a hint at its help. */
export class WrongCall extends Error {
  override readonly name = 'WrongCall';
}

/** The command could not do what it was asked: status 1. The message says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}
