import { type HttpAnswer, text } from './http-endpoints.ts';

/** Whether this process lives and can serve. */
export interface Health {
  /** A part says whether it is ready; once ready it stays so, whatever fails later. */
  ready(part: string): void;
  /** From now on nothing is ready any more: the process ends. */
  stopping(): void;
  /** Whether all parts are ready and the process is not ending. */
  isReady(): boolean;
  /** The parts that are not ready yet. */
  waitingFor(): readonly string[];
  /** The answers of `/healthz` and `/readyz`. */
  readonly routes: Readonly<Record<'/healthz' | '/readyz', () => HttpAnswer>>;
}

/** Health of a process that is ready when all of `parts` have said so. */
export function createHealth(parts: readonly string[]): Health {
  const waiting = new Set(parts);
  let ending = false;
  const readyz = () => {
    if (ending) return text(503, 'stopping');
    return waiting.size === 0 ? text(200, 'ok') : text(503, `waiting for ${[...waiting].join(', ')}`);
  };
  return {
    ready(part) {
      waiting.delete(part);
    },
    stopping() {
      ending = true;
    },
    waitingFor: () => [...waiting],
    isReady: () => !ending && waiting.size === 0,
    routes: { '/healthz': () => text(200, 'ok'), '/readyz': readyz },
  };
}
