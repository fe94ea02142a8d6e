import type { Command } from '../../shim/command/command.ts';
import type { CrdObject } from '../../shim/command/doctor/check-crds.ts';
import { createDoctor } from '../../shim/command/doctor/doctor.ts';
import { explain } from '../../shim/command/explain.ts';
import { replay } from '../../shim/command/replay.ts';
import { serve } from '../../shim/command/serve.ts';
import { simulate } from '../../shim/command/simulate.ts';
import { status } from '../../shim/command/status.ts';
import { client } from '../demo/client-command.ts';
import { demo } from '../demo/demo.ts';
import { server } from '../demo/server-command.ts';

const doctor = createDoctor(async () => {
  // Takes a moment to load, which the other commands need not wait for.
  const { buildDefinitions } = await import('../crds/custom-resource-definition.ts');
  return buildDefinitions().map(({ definition }) => definition as CrdObject);
});

/** All commands of `tailway`, in the order of its help. */
export const commands: readonly Command[] = [serve, demo, server, client, status, explain, simulate, replay, doctor];
