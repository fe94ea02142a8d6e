import { test, type TestContext } from 'vitest';

import type { Transaction } from './control.ts';
import { buildResource, type TypeUrl } from './resources.ts';
import { openTarget, type Target } from './target.ts';
import { connectXds, type XdsClient } from './xds-client.ts';

/** What a scenario works with: a server that has just begun, with nothing in it, and a connection to it. */
export interface Scenario {
  readonly target: Target;
  readonly client: XdsClient;
  /** Sets resources of a type, in one transaction: revision by name. */
  set(typeUrl: TypeUrl, revisions: Readonly<Record<string, number>>): Promise<void>;
  /** Removes resources of a type, in one transaction. */
  remove(typeUrl: TypeUrl, ...names: readonly string[]): Promise<void>;
  /** Any transaction. */
  apply(transaction: Transaction): Promise<void>;
  /** A further connection, closed at the end. */
  connect(): XdsClient;
  /** Begins again, as {@link Target.reset}, and skips the scenario where that can't be done. */
  reset(options?: { readonly nodeId?: string }): Promise<void>;
}

/**
 * A rule of the protocol. `section` is the anchor in
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol that states it, and is told with
 * the scenario's name.
 */
export function scenario(name: string, section: string, run: (scenario: Scenario) => Promise<void>): void {
  declare(`${name} (https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#${section})`, run);
}

/** What Tailway promises beyond the specification, which another server may do otherwise. */
export function promise(name: string, run: (scenario: Scenario) => Promise<void>): void {
  declare(`${name} (a promise of Tailway)`, run);
}

// In this process every scenario has a server of its own; a server somewhere else is one for all of them.
const declareTest = process.env['XDS_TARGET'] === undefined ? test.concurrent : test;

function declare(title: string, run: (scenario: Scenario) => Promise<void>): void {
  declareTest(title, async (context) => {
    const target = await openTarget();
    context.onTestFinished(() => target.close());
    await run(await createScenario(target, context));
  });
}

async function createScenario(target: Target, context: TestContext): Promise<Scenario> {
  const connect = () => {
    const client = connectXds(target.address);
    context.onTestFinished(() => client.close());
    return client;
  };
  const reset = async (options: { readonly nodeId?: string } = {}) => {
    if (!(await target.reset(options))) context.skip('this server can not be reset that way');
  };
  return {
    target,
    client: connect(),
    connect,
    reset,
    apply: (transaction) => target.apply(transaction),
    set: (typeUrl, revisions) =>
      target.apply({
        set: Object.entries(revisions).map(([name, revision]) => buildResource(typeUrl, name, revision)),
      }),
    remove: (typeUrl, ...names) => target.apply({ remove: names.map((name) => ({ typeUrl, name })) }),
  };
}
