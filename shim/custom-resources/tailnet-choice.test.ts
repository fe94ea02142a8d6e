import { expect, test } from 'vitest';
import { chooseTailnets, type NamedTailnet } from './tailnet-choice.ts';

const own: Readonly<Record<string, readonly NamedTailnet[]>> = {
  team: [
    { name: 'lab', tailnet: '-' },
    { name: 'prod', tailnet: 'prod.example.com' },
    { name: 'prod.example.org', tailnet: 'other.example.com' },
    { name: 'spare', tailnet: 'prod.example.com' },
  ],
  others: [{ name: 'theirs', tailnet: 'theirs.example.com' }],
};
const known = (tailnets: readonly string[]) => ({ tailnets, ofNamespace: (namespace: string) => own[namespace] ?? [] });
const all = ['team/lab', 'team/prod', 'team/prod.example.org', 'team/spare'];

test.each([
  { name: 'nothing named', wanted: undefined, settings: ['own.example.com'], tailnets: ['', ...all] },
  { name: 'a dash', wanted: '-', settings: ['own.example.com'], tailnets: ['', ...all] },
  { name: 'nothing named, and no source of the settings', wanted: undefined, settings: [], tailnets: all },
  { name: 'a resource', wanted: 'lab', settings: ['lab'], tailnets: ['team/lab'] },
  { name: 'a resource with dots', wanted: 'prod.example.org', settings: ['-'], tailnets: ['team/prod.example.org'] },
  {
    name: 'a tailnet of two resources',
    wanted: 'Prod.Example.Com',
    settings: ['-'],
    tailnets: ['team/prod', 'team/spare'],
  },
  { name: 'that of the settings', wanted: 'Own.example.com', settings: ['own.example.com'], tailnets: [''] },
  { name: 'that of the settings, whose name is not known', wanted: 'own.example.com', settings: ['-'], tailnets: [''] },
  { name: 'a user', wanted: 'me@github', settings: ['-'], tailnets: [''] },
])('$name', ({ wanted, settings, tailnets }) => {
  expect(chooseTailnets('team', wanted, known(settings))).toEqual({ kind: 'chosen', tailnets });
});

test.each([
  {
    name: "a resource's name that is none",
    wanted: 'gone',
    settings: ['-'],
    from: /the tailnet of the settings and the Tailsc/,
  },
  {
    name: 'a resource of another namespace',
    wanted: 'theirs',
    settings: [],
    from: /TailscaleTailnets lab, prod, prod\.ex/,
  },
  {
    name: 'a tailnet of another namespace',
    wanted: 'theirs.example.com',
    settings: ['own'],
    from: /from own and the Tail/,
  },
  {
    name: 'another than that of the settings',
    wanted: 'x.example.com',
    settings: ['own.example.com'],
    from: /own\.example\.com/,
  },
])('$name is unknown', ({ wanted, settings, from }) => {
  const detail = expect.stringMatching(from);
  expect(chooseTailnets('team', wanted, known(settings))).toEqual({ kind: 'unknown', detail });
});

test('a source without a name goes by any, but beside TailscaleTailnets of the namespace', () => {
  expect(chooseTailnets('alone', 'company', known(['-']))).toEqual({ kind: 'chosen', tailnets: [''] });
  expect(chooseTailnets('alone', 'company', known(['own.example.com']))).toMatchObject({ kind: 'unknown' });
});

test('where nobody reads devices, the name of a tailnet says nothing, and that of a resource is unknown', () => {
  expect(chooseTailnets('a', 'x.example.com', { tailnets: [] })).toEqual({ kind: 'chosen', tailnets: [] });
  expect(chooseTailnets('a', undefined, { tailnets: [] })).toEqual({ kind: 'chosen', tailnets: [] });
  const detail =
    'spec.tailnet is "prod", but devices are read from nowhere; remove it, or create that TailscaleTailnet in the namespace';
  expect(chooseTailnets('a', 'prod', { tailnets: [] })).toEqual({ kind: 'unknown', detail });
});
