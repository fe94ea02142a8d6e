import { join } from 'node:path';
import { createTestHarness } from 'wrangler';
import { type RunningEdge } from './running-edge.ts';
import { offline, workerConfig, workerNames } from './worker-bundle.ts';

/**
 * Runs the bundles of all Workers in workerd, the gateway in front of the others.
 *
 * @param folder the folder of the bundles, each in a folder of its Worker's name
 */
export async function runWorkers(folder: string, token: string | undefined): Promise<RunningEdge> {
  Object.assign(process.env, offline);
  const functions = workerNames
    .filter((name) => name !== 'gateway')
    .map((name) => ({ configPath: workerConfig(name), prebuiltWorkerDir: join(folder, name) }));
  const gateway = { configPath: workerConfig('gateway'), prebuiltWorkerDir: join(folder, 'gateway') };
  const describeWorkers = (secret: string | undefined) => ({
    workers: [secret === undefined ? gateway : { ...gateway, secrets: { FUNCTIONS_TOKEN: secret } }, ...functions],
  });
  const harness = createTestHarness(describeWorkers(token));
  const { url } = await harness.listen();
  return {
    url: url.origin,
    setToken: (secret) => harness.update(describeWorkers(secret)),
    [Symbol.asyncDispose]: () => harness.close(),
  };
}
