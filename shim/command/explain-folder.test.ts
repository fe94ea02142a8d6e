import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from './explain.ts';
import { runCommand } from './fake-shim.ts';
import type { FolderExplanation } from './explain-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-explain-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const endpoints = (namespace: string, lines: string) => `apiVersion: gateway.tailscale.com/v1alpha1
kind: TailscaleEndpoints
metadata: { name: services, namespace: ${namespace} }
spec:
  endpoints:
${lines}`;

const web = "    - { name: web, port: 80, protocol: HTTP, externalTarget: 'example.com:80' }\n";

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: eg, namespace: default }
spec:
  gatewayClassName: eg
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - { name: shop, protocol: HTTP, port: 80, hostname: shop.example.com }
`;

const policy = `apiVersion: gateway.tailscale.com/v1alpha1
kind: TailscaleRoutePolicy
metadata: { name: shop, namespace: default }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: Gateway, name: eg, sectionName: shop }
  pathPrefix: /shop/
`;

async function run(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const { code, out, err } = await runCommand(explain, [`--resources=${folder}`, '--json', ...args]);
  const { virtualHosts, refused, clusters } = JSON.parse(out) as FolderExplanation;
  const hosts = virtualHosts.map(({ name, injected, notInjected }) => ({
    name,
    injected: injected.map(({ endpoint, detail }) => `${endpoint} ${detail.split(';')[0]}`),
    notInjected: notInjected.map(({ endpoint, reason }) => `${endpoint} ${reason}`),
  }));
  return { code, err, hosts, refused, clusters: clusters.map(({ name }) => name) };
}

describe('tailway explain --resources', () => {
  it('tells the routes for any host name when there is no Gateway', async () => {
    expect(await run({ 'a.yaml': endpoints('default', web) })).toEqual({
      code: 0,
      err: '',
      hosts: [
        {
          name: 'any',
          injected: ['default/services/web /api/web → external-backend-web'],
          notInjected: [],
        },
      ],
      refused: [],
      clusters: ['external-backend-web'],
    });
  });

  it('tells them for each listener of the Gateways, with policies', async () => {
    const { code, hosts } = await run({ 'a.yaml': endpoints('default', web), 'b.yaml': gateway, 'c.yaml': policy });
    expect(code).toBe(0);
    expect(hosts).toEqual([
      { name: 'default/eg/http', injected: [], notInjected: ['default/services/web POLICY'] },
      { name: 'default/eg/shop', injected: ['default/services/web /shop/web → external-backend-web'], notInjected: [] },
    ]);
  });

  it('takes a Gateway that is not in the folder by its name', async () => {
    const files = { 'a.yaml': endpoints('default', web), 'c.yaml': policy.replace(', sectionName: shop', '') };
    expect((await run(files)).hosts).toMatchObject([{ notInjected: ['default/services/web POLICY'] }]);
    expect((await run(files, ['--gateway=default/eg'])).hosts).toMatchObject([
      { injected: ['default/services/web /shop/web → external-backend-web'] },
    ]);
  });

  it('says of each what is wrong: refused, in conflict, or no YAML', async () => {
    const metadata = "    - { name: metadata, port: 80, protocol: HTTP, externalTarget: '169.254.169.254:80' }\n";
    const { code, err, hosts, refused } = await run({
      'a.yaml': endpoints('default', `${web}${metadata}`),
      'b.yaml': endpoints('other', web),
      'c.yaml': 'a: [',
    });
    expect(code).toBe(1);
    expect(refused).toMatchObject([{ endpoint: 'metadata', reason: 'ForbiddenTarget' }]);
    expect(hosts).toMatchObject([{ notInjected: ['other/services/web CONFLICT'] }]);
    expect(err).toContain(`✗ ${join(folder, 'c.yaml')}:1`);
  });

  it('prints what is refused', async () => {
    await writeFile(
      join(folder, 'a.yaml'),
      endpoints('default', "    - { name: 'no name', port: 80, protocol: HTTP }\n"),
    );
    const { code, out } = await runCommand(explain, [`--resources=${folder}`]);
    expect(code).toBe(1);
    expect(out).toContain('Refused\n  - TailscaleEndpoints default/services');
  });

  it.each([
    { name: 'no folder', args: ['--resources=/no/such/folder'], code: 1, text: 'there is no such folder' },
    { name: 'a file', args: ['--resources=/dev/null'], code: 1, text: 'must be a folder' },
    { name: 'a Gateway without namespace', args: ['--resources=.', '--gateway=eg'], code: 2, text: '--gateway' },
  ])('explains itself: $name', async ({ args, code, text }) => {
    expect(await runCommand(explain, args)).toMatchObject({ code, out: '', err: expect.stringContaining(text) });
  });
});
