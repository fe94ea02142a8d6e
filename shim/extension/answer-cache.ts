import { hash } from 'node:crypto';

import type { HookAnswer } from './hook.ts';

/** The answers that were given to the same requests, so that a translation that changed nothing costs a hash for each. */
export interface AnswerCache {
  slot(request: Buffer, revision: string): AnswerSlot;
}

/** The place of one request's answer. */
export interface AnswerSlot {
  /** Undefined: it was not asked for yet, or the answer would be another now. */
  readonly answer: HookAnswer | undefined;
  keep(answer: HookAnswer): void;
}

/** A larger answer is not worth its memory. */
const maxAnswerBytes = 1024 * 1024;
const defaultLimitBytes = 128 * 1024 * 1024;

/** A cache of the `limit` answers that were asked for last, of up to `limitBytes` together. */
export function createAnswerCache(limit: number, limitBytes: number = defaultLimitBytes): AnswerCache {
  // In the order of their last use.
  const entries = new Map<string, { readonly answer: HookAnswer; readonly bytes: number }>();
  let revision: string | undefined;
  let total = 0;

  function remove(key: string): void {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  function keep(key: string, answer: HookAnswer, bytes: number): void {
    remove(key);
    entries.set(key, { answer, bytes });
    total += bytes;
    for (const oldest of entries.keys()) {
      if (entries.size <= limit && total <= limitBytes) break;
      remove(oldest);
    }
  }

  return {
    slot(request, current) {
      if (current !== revision) {
        entries.clear();
        total = 0;
        revision = current;
      }
      const key = hash('sha256', request, 'base64');
      const entry = entries.get(key);
      if (entry !== undefined) {
        entries.delete(key);
        entries.set(key, entry);
      }
      return {
        answer: entry?.answer,
        keep(answer) {
          // The request stays in memory with the answer, which has parts of it.
          const bytes = request.length + answer.body.byteLength;
          if (bytes <= maxAnswerBytes) keep(key, answer, bytes);
        },
      };
    },
  };
}
