import { expect, test } from 'vitest';
import { spliceRoutes } from './route-splice.ts';

test('more routes than a call can have arguments go into one place', () => {
  const record = new Uint8Array([1]);
  const routes = Array.from({ length: 200_000 }, () => ({ record, before: 0 }));
  const own = [{ start: 1, end: 2, injected: false }];
  expect(Buffer.concat(spliceRoutes(Buffer.from([8, 9]), own, routes))).toHaveLength(200_002);
  expect(Buffer.concat(spliceRoutes(Buffer.from([8]), [], routes))).toHaveLength(200_001);
});
