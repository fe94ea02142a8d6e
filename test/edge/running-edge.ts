/** Functions that run behind a gateway. */
export interface RunningEdge extends AsyncDisposable {
  /** The gateway's address; it may change with the secret. */
  readonly url: string;
  /** Replaces the gateway's secret; undefined: it has none. */
  setToken(token: string | undefined): Promise<void>;
}
