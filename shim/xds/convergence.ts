/** The answers that one transaction waits for. */
export interface ConvergenceRound {
  /** A subscription has something to be told because of this transaction. */
  join(): void;
  /** A subscription that joined has answered, or is gone. */
  leave(): void;
  /** All subscriptions that this transaction concerns have joined. */
  seal(): void;
}

/** Starts a round; `report` is told once how many milliseconds it took until the last one that joined has left. */
export function createConvergenceRound(clock: () => number, report: (ms: number) => void): ConvergenceRound {
  const startedAt = clock();
  let waiting = 0;
  let joined = false;
  let sealed = false;
  function reportWhenDone(): void {
    if (sealed && joined && waiting === 0) report(clock() - startedAt);
  }
  return {
    join() {
      joined = true;
      waiting += 1;
    },
    leave() {
      waiting -= 1;
      reportWhenDone();
    },
    seal() {
      sealed = true;
      reportWhenDone();
    },
  };
}
