import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** What no decision may do: each line is a file of its own. */
const impure = [
  'export const now = Date.now();',
  'export const now = new Date();',
  'export const now = Date();',
  'export const now = Reflect.construct(Date, []);',
  'export const now = performance.now();',
  'export const now = Temporal.Now.instant();',
  'export const id = Math.random();',
  'const { random } = Math; export const id = random();',
  'export const id = crypto.randomUUID();',
  'export const id = crypto.getRandomValues(new Uint8Array(4));',
  'export const answer = fetch("https://example.com");',
  'export const answer = globalThis.fetch("https://example.com");',
  'export const environment = globalThis["process"];',
  'export const environment = process.env;',
  'export const answer = self.fetch("https://example.com");',
  'export const socket = new WebSocket("wss://example.com");',
  'export const answer = eval("1");',
  'export const answer = new Function("return this")();',
  'export const text = (1234.5).toLocaleString();',
  'export const order = "a".localeCompare("b");',
  'export const text = new Intl.NumberFormat().format(1);',
  'setTimeout(() => {}, 1);',
  'console.log("hello");',
  'import { hostname } from "node:os"; export const name = hostname();',
  'export { serve } from "../shim/command/serve.ts";',
];

const pure = [
  'export const pi = Math.max(3, Math.PI);',
  'export function when(date: Date): string { return date.toISOString(); }',
  'export const call = (fetch: (url: string) => Promise<string>) => fetch("https://example.com");',
];

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
}

let folder: string;
/** The rules that each file breaks, by its name. */
let found: ReadonlyMap<string, readonly string[]>;

function lint(): Promise<readonly Diagnostic[]> {
  const oxlint = join(root, 'node_modules', '.bin', 'oxlint');
  return new Promise((resolve, reject) => {
    execFile(oxlint, ['--format=json', 'functions'], { cwd: folder }, (err, out) => {
      try {
        resolve((JSON.parse(out) as { diagnostics: Diagnostic[] }).diagnostics);
      } catch {
        reject(new Error(`oxlint answers ${out}`, { cause: err }));
      }
    });
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-lint-'));
  await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  await mkdir(join(folder, 'functions'));
  for (const [kind, texts] of Object.entries({ impure, pure })) {
    for (const [at, text] of texts.entries()) {
      await writeFile(join(folder, 'functions', `${kind}-${at}.ts`), `${text}\n`);
    }
  }
  const files = Map.groupBy(await lint(), ({ filename }) => basename(filename));
  found = new Map([...files].map(([name, diagnostics]) => [name, diagnostics.map(({ code }) => code)]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the lint rules of functions', () => {
  it.each(impure.map((text, at) => ({ text, at })))('refuse: $text', ({ at }) => {
    expect(found.get(`impure-${at}.ts`) ?? []).toContainEqual(expect.stringMatching(/no-restricted|no-console/));
  });

  it.each(pure.map((text, at) => ({ text, at })))('allow: $text', ({ at }) => {
    expect(found.get(`pure-${at}.ts`) ?? []).toEqual([]);
  });
});
