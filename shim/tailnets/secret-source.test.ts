import { expect, test } from 'vitest';
import { readSecretValues } from './secret-source.ts';

test.each([
  { name: 'base64', fields: { data: { key: 'dHNrZXk=' } }, values: { key: 'tskey' } },
  { name: 'base64 in lines, as tools write it', fields: { data: { key: 'dHNr\nZXk=\n' } }, values: { key: 'tskey' } },
  {
    name: 'plain text, before base64',
    fields: { data: { key: 'b2xk' }, stringData: { key: 'new' } },
    values: { key: 'new' },
  },
  { name: 'what is no base64', fields: { data: { key: 'tskey-api-!' } }, values: {} },
  { name: 'what is cut off', fields: { data: { key: 'dHNrZXk' } }, values: {} },
  { name: 'bytes that are no text', fields: { data: { key: '//8=', other: 'b2s=' } }, values: { other: 'ok' } },
  { name: 'numbers and nothing', fields: { data: { a: 1, b: null }, stringData: 'x' }, values: {} },
  { name: 'no fields', fields: {}, values: {} },
])('$name', ({ fields, values }) => {
  expect(Object.fromEntries(readSecretValues(fields))).toEqual(values);
});
