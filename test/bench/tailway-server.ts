import type { AddressInfo } from 'node:net';

import { createControlServer } from '../conformance/control.ts';
import { createTailwayTarget } from '../conformance/tailway-target.ts';

// Tailway's xDS server as a process of its own, with the control interface that go/xdsserver has, too.
// It prints its addresses, as one line of JSON, once it serves.
const target = createTailwayTarget();
const xds = await target.listen();
const control = createControlServer(target).listen(0, '127.0.0.1', () => {
  const { port } = control.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ xds, control: `http://127.0.0.1:${port}` })}\n`);
});

// An ordinary exit, so that a profile is written.
process.once('SIGTERM', () => process.exit());
