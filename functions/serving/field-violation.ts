/** A rule that a proto can't say, broken by one field. */
export interface FieldViolation {
  /** The field in question by its proto name, such as `devices[3].id`. */
  readonly path: string;
  /** Names the rule for machines. */
  readonly rule: string;
  /** Says to people what must be, after the path: `must be unique`. */
  readonly message: string;
}
