import { createConnectRouter } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { projectFolder, readCodeBlocks, readDocuments } from '../documents/documents.ts';
import { createDocumentedServices, type DocumentedServices } from './documented-services.ts';

// What docs/edge.md shows is run as it stands, in its order, and has to give the answers that it shows.

const blocks = readDocuments()
  .filter(({ path }) => path === 'docs/edge.md')
  .flatMap(readCodeBlocks)
  .filter(({ language, marker }) => language === 'bash' && marker !== 'needs an account')
  .map(({ place, text, marker, answer }) => ({
    place,
    commands: text,
    marker,
    answer: answer === undefined ? undefined : (JSON.parse(answer) as unknown),
  }));
const services = blocks.filter(({ marker }) => marker === 'keeps running');
const calls = blocks.filter(({ marker }) => marker === '');

let documented: DocumentedServices;

beforeAll(async () => {
  documented = await createDocumentedServices(projectFolder);
  for (const { commands } of services) {
    await documented.start(commands);
  }
});

afterAll(async () => {
  await documented[Symbol.asyncDispose]();
});

test.each(calls)('$place gives the answer that is shown', async ({ commands, answer }) => {
  const { code, output } = await documented.run(commands);
  expect({ code, output }).toMatchObject({ code: 0 });
  // Where none is shown there is none to compare.
  expect(answer === undefined ? {} : JSON.parse(output)).toMatchObject(answer ?? {});
});

const reflected = calls.filter(
  ({ commands }) => commands.includes('npx buf curl http') && commands.includes('tailway.'),
);

describe.each(reflected)('$place', ({ commands, answer }) => {
  test.each([
    '--protocol grpc --http2-prior-knowledge',
    '--schema . --protocol connect',
    '--schema . --protocol grpc --http2-prior-knowledge',
    '--schema . --protocol grpcweb',
  ])('gives the same with %s', async (flags) => {
    const { output } = await documented.run(commands.replace('npx buf curl', `npx buf curl ${flags}`));
    expect(JSON.parse(output)).toMatchObject(answer as object);
  });
});

test('every method of every function is called', () => {
  const router = createConnectRouter();
  registerFunctions(router);
  const all = calls.map(({ commands }) => commands).join('\n');
  const missing = router.handlers.filter(({ requestPath }) => !all.includes(requestPath));
  expect(missing.map(({ requestPath }) => requestPath)).toEqual([]);
});
