import { createControlClient, type Control } from './control.ts';
import { createTailwayTarget } from './tailway-target.ts';

/** A server under test. */
export interface Target extends Control {
  /** `host:port` of its xDS. */
  readonly address: string;
  close(): Promise<void>;
}

/** Tailway's server in this process, or the one that `XDS_TARGET` and `XDS_CONTROL` name; nothing is in it yet. */
export async function openTarget(): Promise<Target> {
  const { XDS_TARGET: address, XDS_CONTROL: control } = process.env;
  if (address === undefined && control === undefined) {
    const target = createTailwayTarget();
    return { ...target, address: await target.listen() };
  }
  if (!address || !control) throw new Error('XDS_TARGET and XDS_CONTROL go together');
  const remote = createControlClient(control);
  if (!(await remote.reset({}))) throw new Error('the server under test can not be reset');
  return { ...remote, address, close: async () => {} };
}
