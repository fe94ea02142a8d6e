import { expect, test } from 'vitest';
import { buildAuthorityExpression, compareHostNames } from './host-name.ts';

test.each([
  { domains: ['a.example'], hostnames: [], coverage: 'all' },
  { domains: ['a.example'], hostnames: ['a.example'], coverage: 'all' },
  { domains: ['A.example:8080', 'a.example'], hostnames: ['a.Example'], coverage: 'all' },
  { domains: ['a.example:*'], hostnames: ['a.example'], coverage: 'all' },
  { domains: ['a.example'], hostnames: ['*.example'], coverage: 'all' },
  { domains: ['b.a.example'], hostnames: ['*.example'], coverage: 'all' },
  { domains: ['*.a.example'], hostnames: ['*.example'], coverage: 'all' },
  { domains: ['*.example'], hostnames: ['*.example'], coverage: 'all' },
  { domains: ['*'], hostnames: ['*'], coverage: 'all' },
  { domains: ['*'], hostnames: ['a.example'], coverage: 'part' },
  { domains: [], hostnames: ['a.example'], coverage: 'part' },
  { domains: ['*.example'], hostnames: ['a.example'], coverage: 'part' },
  { domains: ['*.example'], hostnames: ['*.a.example'], coverage: 'part' },
  { domains: ['a.example', 'b.example'], hostnames: ['a.example'], coverage: 'part' },
  { domains: ['a.*'], hostnames: ['a.example'], coverage: 'part' },
  { domains: ['example'], hostnames: ['*.example'], coverage: 'none' },
  { domains: ['a.example'], hostnames: ['b.example'], coverage: 'none' },
  { domains: ['aexample'], hostnames: ['*.example'], coverage: 'none' },
  { domains: ['*.example'], hostnames: ['*.test', 'example'], coverage: 'none' },
])('$hostnames cover $coverage of $domains', ({ domains, hostnames, coverage }) => {
  expect(compareHostNames(domains, hostnames)).toBe(coverage);
});

test('the expression for hosts is the same in any order', () => {
  expect(buildAuthorityExpression(['b.test', '*.A.example', 'b.test'])).toBe(
    String.raw`(?i)(?:[^:]+\.a\.example|b\.test)(?::[0-9]+)?`,
  );
  expect(buildAuthorityExpression(['*.a.example', 'b.test'])).toBe(buildAuthorityExpression(['b.test', '*.a.example']));
});
