import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../deploy/command/commands.ts';
import type { ShimProcess } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { ShimStatus } from '../../shim/admin/shim-status.ts';
import { type CommandResult, runCommand } from '../../shim/command/fake-shim.ts';
import type { EchoServer } from '../envoy/echo-server.ts';
import { untilSeen } from './gateway-client.ts';
import { catchAllTo, endpointTo, endpointsOf, gatewayOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

let cluster: TestCluster;
let shim: ShimProcess;
let web: EchoServer;

beforeAll(async () => {
  cluster = await startTestCluster();
  web = await cluster.upstream('web');
  shim = await cluster.shim();
  await cluster.envoyGateway();
  await cluster.kubectl.apply(
    gatewayOf(cluster.gatewayPort),
    ...catchAllTo(web.port),
    endpointsOf('services', [endpointTo('web', web)]),
  );
  await untilSeen(cluster.gatewayPort, '/api/web/x', { name: 'web', path: '/x' });
});
afterAll(async () => cluster[Symbol.asyncDispose]());

function tailway(name: string, args: readonly string[] = []): Promise<CommandResult> {
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw new Error(`there is no command ${name}`);
  return runCommand(command, args, { TAILWAY_URL: `http://127.0.0.1:${shim.metricsPort}` });
}

describe('the command beside a real Envoy Gateway', () => {
  it('shows the hooks that it has called, and that all is fine', async () => {
    const { code, out } = await tailway('status');
    expect(out).toContain('All is fine.');
    expect(out).toMatch(/PostVirtualHostModify +\d+ .* (changed|unchanged) /);
    expect(out).toMatch(/PostTranslateModify +\d+ .* (changed|unchanged) /);
    expect(out).toContain('1 TailscaleEndpoints with 1 endpoints injected, 0 refused');
    expect(code).toBe(0);
  });

  it('explains what it was answered', async () => {
    const { code, out } = await tailway('explain', ['--gateway=default/gateway']);
    expect(out).toMatch(
      /Virtual host default\/gateway\/http\/\* .*\n {2}\+ tailscale-egress-web {2}default\/services\/web/,
    );
    expect(code).toBe(0);
    const other = await tailway('explain', ['--gateway=default/other']);
    expect(other.out).toContain('Envoy Gateway has not asked about a virtual host of default/other yet.');
  });

  it('tells what is refused', async () => {
    const refused = { name: 'metadata', port: 80, protocol: 'HTTP', externalTarget: '169.254.169.254:80' };
    await cluster.kubectl.apply(endpointsOf('unwell', [refused]));
    await waitFor('the refusal', async () => {
      const { out } = await tailway('status', ['--json']);
      return (JSON.parse(out) as ShimStatus).resources?.refused.total === 1 ? true : undefined;
    });
    const { out } = await tailway('explain', ['--endpoint=unwell']);
    expect(out).toContain('Refused\n  - TailscaleEndpoints default/unwell/metadata  ForbiddenTarget');
  });
});
