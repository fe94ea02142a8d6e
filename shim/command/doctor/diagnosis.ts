/** What was found about one thing. */
export interface Diagnosis {
  /** The part that it belongs to; those of one area are told together. */
  readonly area:
    | 'Settings'
    | 'Cluster'
    | 'CRDs'
    | 'Rights'
    | 'Envoy Gateway'
    | 'Service'
    | 'Resources'
    | 'Ports'
    | 'Credentials'
    | 'Functions'
    | 'Devices';
  /** `ok`; `warning`: works, but not as one would expect; `problem`: does not work; `skipped`: cannot be told from here. */
  readonly level: 'ok' | 'warning' | 'problem' | 'skipped';
  /** What it is about. */
  readonly subject: string;
  /** What was found, a sentence without its dot. Never a secret. */
  readonly detail: string;
  /** What to do: a command where there is one. */
  readonly remedy?: string;
}

/** A diagnosis without its area, which all of one check share. */
export type Finding = Omit<Diagnosis, 'area'>;

/** Puts the findings of one check into its area. */
export function inArea(area: Diagnosis['area'], findings: readonly Finding[]): Diagnosis[] {
  return findings.map(({ level, subject, detail, remedy }) => ({
    area,
    level,
    subject,
    detail,
    ...(remedy === undefined ? {} : { remedy }),
  }));
}
