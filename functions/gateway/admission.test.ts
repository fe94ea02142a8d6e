import { describe, expect, test } from 'vitest';
import { createAdmission } from './admission.ts';

const path = '/tailway.endpoints.v1.EndpointService/ComputeEndpoints';

describe('with tokens', () => {
  const admit = createAdmission('old,new');

  test.each(['Bearer old', 'Bearer new'])('%s passes', (authorization) => {
    expect(admit({ path, authorization })).toEqual({
      kind: 'admitted',
      service: 'tailway.endpoints.v1.EndpointService',
    });
  });

  test.each([undefined, '', 'Bearer ', 'Bearer undefined', 'Bearer other', 'Bearer old,new', 'old'])(
    '%s does not',
    (authorization) => {
      expect(admit({ path, authorization })).toMatchObject({ refusal: { code: 'unauthenticated' } });
    },
  );

  test.each(['/', '/FUNCTIONS_TOKEN/x', '/a.B', '/a.B/', '/a.B/c/d', '/a..B/c', '//c', '/__proto__/x', '/a.B/c%2F'])(
    '%s is no function',
    (path) => {
      expect(admit({ path, authorization: 'Bearer old' })).toMatchObject({ refusal: { code: 'unimplemented' } });
    },
  );

  test('health needs no token', () => {
    expect(admit({ path: '/healthz', authorization: undefined })).toEqual({ kind: 'healthy' });
  });
});

test.each([undefined, '', ' ', ','])('with the secret "%s" nobody passes', (tokens) => {
  const admit = createAdmission(tokens);
  for (const authorization of [undefined, 'Bearer undefined', 'Bearer ', 'Bearer x']) {
    expect(admit({ path, authorization })).toMatchObject({ refusal: { code: 'unavailable' } });
    expect(admit({ path: '/healthz', authorization })).toMatchObject({ kind: 'refused' });
  }
});
