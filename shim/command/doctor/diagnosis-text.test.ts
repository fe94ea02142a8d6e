import { expect, test } from 'vitest';
import { createStyle } from '../style.ts';
import { inArea } from './diagnosis.ts';
import { formatDiagnoses } from './diagnosis-text.ts';

const missing = (detail: string, remedy?: string) => ({
  level: 'problem' as const,
  subject: 'shim',
  detail,
  ...(remedy === undefined ? {} : { remedy }),
});

test('what is done about several in a row is told once', () => {
  const diagnoses = [
    ...inArea('Rights', [missing('a', 'apply'), missing('b', 'apply'), missing('c', 'other'), missing('d')]),
    ...inArea('Service', [missing('e', 'other')]),
  ];
  expect(formatDiagnoses(diagnoses, createStyle(false))).toBe(`Rights
  ✗ shim: a
  ✗ shim: b
      → apply
  ✗ shim: c
      → other
  ✗ shim: d

Service
  ✗ shim: e
      → other

5 problems, 0 warnings.
`);
});
