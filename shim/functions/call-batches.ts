import { setImmediate as turn } from 'node:timers/promises';
import { isAboutContent } from './call-error.ts';

/** Calls of a function, each about several inputs that don't depend on each other. */
export interface BatchCalls<Input, Answer> {
  /** What is asked in one call each, in this order. */
  readonly batches: readonly (readonly Input[])[];
  readonly call: (batch: readonly Input[]) => Promise<Answer>;
  /** How many calls are under way at once. */
  readonly parallel: number;
}

/** What was answered, and which inputs have no answer. */
export interface BatchAnswers<Input, Answer> {
  /** In the order of the answers; a batch may be a part of one that was given. */
  readonly answered: readonly { readonly batch: readonly Input[]; readonly answer: Answer }[];
  readonly failed: readonly { readonly input: Input; readonly err: unknown }[];
  /** Why the function could not be reached; undefined: it was, each time. All that was left failed with it. */
  readonly outage: { readonly err: unknown } | undefined;
}

/**
 * Makes the calls. When one fails for what is in it, it is made again in halves, so that one input harms no other; when the
 * function can't be reached, nothing more is asked. Between calls the event loop has its turn, so that functions in this
 * process hold up no stream and no hook.
 */
export async function callBatches<Input, Answer>(
  calls: BatchCalls<Input, Answer>,
): Promise<BatchAnswers<Input, Answer>> {
  const { batches, call, parallel } = calls;
  const answered: BatchAnswers<Input, Answer>['answered'][number][] = [];
  const failed: BatchAnswers<Input, Answer>['failed'][number][] = [];
  const waiting = batches.toReversed();
  let outage: BatchAnswers<Input, Answer>['outage'];

  async function ask(batch: readonly Input[]): Promise<void> {
    try {
      answered.push({ batch, answer: await call(batch) });
    } catch (err) {
      const isContent = isAboutContent(err);
      if (isContent && batch.length > 1) {
        const middle = batch.length >>> 1;
        waiting.push(batch.slice(middle), batch.slice(0, middle));
        return;
      }
      if (!isContent) outage ??= { err };
      for (const input of batch) failed.push({ input, err });
    }
  }

  async function work(): Promise<void> {
    while (outage === undefined) {
      const batch = waiting.pop();
      if (batch === undefined) return;
      await ask(batch);
      if (waiting.length > 0) await turn();
    }
  }

  // A batch that is halved puts its halves where the next free worker finds them, itself at the latest.
  await Promise.all(Array.from({ length: Math.min(parallel, waiting.length) }, work));
  if (outage !== undefined) {
    const { err } = outage;
    for (const input of waiting.toReversed().flat()) failed.push({ input, err });
  }
  return { answered, failed, outage };
}
