import { createHash } from 'node:crypto';
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';

/** Answers by what was asked: an unchanged input is not sent again, and two that are equal share one call. */
export interface AnswerMemory {
  /** @param ask is called where no answer is kept; only what it says is worth keeping is kept */
  recall<I extends DescMessage, T>(
    schema: I,
    request: MessageShape<I>,
    ask: () => Promise<{ readonly answer: T; readonly keep: boolean }>,
  ): Promise<T>;
}

/** How many answers are kept; those that were asked for last stay. */
const maxAnswers = 64;

/** A memory without answers. */
export function createAnswerMemory(): AnswerMemory {
  const kept = new Map<string, unknown>();
  const running = new Map<string, Promise<unknown>>();

  function keep(key: string, answer: unknown): void {
    kept.delete(key);
    kept.set(key, answer);
    const [oldest] = kept.keys();
    if (kept.size > maxAnswers && oldest !== undefined) kept.delete(oldest);
  }

  return {
    async recall<I extends DescMessage, T>(
      schema: I,
      request: MessageShape<I>,
      ask: () => Promise<{ readonly answer: T; readonly keep: boolean }>,
    ) {
      const hash = createHash('sha256').update(`${schema.typeName}\0`);
      const key = hash.update(toBinary(schema, request)).digest('base64');
      if (kept.has(key)) {
        const answer = kept.get(key);
        keep(key, answer);
        // Of the same schema's request, so of the same type.
        return answer as T;
      }
      const other = running.get(key);
      if (other !== undefined) return (await other) as T;
      const call = ask().then((outcome) => {
        if (outcome.keep) keep(key, outcome.answer);
        return outcome.answer;
      });
      running.set(key, call);
      try {
        return await call;
      } finally {
        running.delete(key);
      }
    },
  };
}
