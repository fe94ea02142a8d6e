/** A rule that a proto can't say, broken by one field. */
export interface FieldViolation {
  /** The field in question by its proto name, such as `devices[3].id`. */
  readonly path: string;
  /** Names the rule for machines. */
  readonly rule: string;
  /** Says to people what must be, after the path: `must be unique`. */
  readonly message: string;
}

/** The violations of a message that stands in a field of another one. */
export function insideField(field: string, violations: readonly FieldViolation[]): FieldViolation[] {
  return violations.map(({ path, rule, message }) => ({ path: `${field}.${path}`, rule, message }));
}
