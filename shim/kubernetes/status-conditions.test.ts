import { describe, expect, it } from 'vitest';
import { isSameStatus, withTransitionTimes } from './status-conditions.ts';

const condition = (status: 'True' | 'False', more: object = {}) => ({
  type: 'Accepted',
  status,
  reason: 'Accepted',
  message: '',
  observedGeneration: 1,
  ...more,
});

describe('the time of a condition', () => {
  const nowMs = Date.parse('2026-01-02T03:04:05.678Z');
  const then = '2025-01-01T00:00:00Z';

  it.each([
    ['is now where there was none', undefined, '2026-01-02T03:04:05Z'],
    ['stays while the status is the same', { conditions: [condition('True', { lastTransitionTime: then })] }, then],
    [
      'is now when it changes',
      { conditions: [condition('False', { lastTransitionTime: then })] },
      '2026-01-02T03:04:05Z',
    ],
    ['is now where what is observed is no status', { conditions: 'none' }, '2026-01-02T03:04:05Z'],
  ])('%s', (_, observed, expected) => {
    const { conditions } = withTransitionTimes({ conditions: [condition('True')] }, observed, nowMs);
    expect(conditions).toEqual([{ ...condition('True'), lastTransitionTime: expected }]);
  });
});

describe('the same status', () => {
  const timed = condition('True', { lastTransitionTime: '2025-01-01T00:00:00Z' });
  const ready = { ...condition('True'), type: 'Ready' };

  it.each([
    ['with another time of transition', { conditions: [timed] }, { conditions: [condition('True')] }, true],
    ['in another order', { conditions: [ready, timed] }, { conditions: [timed, ready] }, true],
    ['with another status', { conditions: [condition('False')] }, { conditions: [timed] }, false],
    ['with a field that does not count', { conditions: [], at: 1 }, { conditions: [], at: 2 }, true],
    ['with a field that counts', { conditions: [], count: 1 }, { conditions: [], count: 2 }, false],
    ['with a field more', { conditions: [] }, { conditions: [], count: 2 }, false],
  ])('%s: %#', (_, a, b, expected) => {
    expect(isSameStatus(a, b, ['at'])).toBe(expected);
  });
});
