import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { endpointsFromResource } from '../../shim/custom-resources/endpoints-from-resource.ts';
import { policyFromResource } from '../../shim/custom-resources/policy-from-resource.ts';
import { resourceFromObject } from '../../shim/custom-resources/resource-from-object.ts';
import { tailnetFromResource } from '../../shim/custom-resources/tailnet-from-resource.ts';
import { parseDevicesFile } from '../../shim/sources/devices-file.ts';
import { readCodeBlocks, readDocuments } from './documents.ts';

const blocks = readDocuments()
  .flatMap(readCodeBlocks)
  .filter(({ language }) => language === 'yaml');

test.each(blocks)('$place is what it should be', ({ text }) => {
  const parsed = parseAllDocuments(text);
  if (!Array.isArray(parsed)) throw new Error('it holds nothing');
  expect(parsed.flatMap(({ errors }) => errors)).toEqual([]);
  expect(parsed.flatMap((document) => problemsOf(document.toJS(), text))).toEqual([]);
});

/** Documents may choose a TailscaleTailnet of this name. */
const known = { tailnets: ['-'], ofNamespace: () => [{ name: 'prod', tailnet: '-' }] };

/** What the shim would say of a document of a block: nothing. Of what others read it says nothing anyway. */
function problemsOf(value: unknown, text: string): readonly unknown[] {
  if (!isRecord(value)) return [];
  if (value['devices'] !== undefined) {
    const answer = parseDevicesFile(text, 'devices.yaml');
    return answer.ok ? answer.rejected : [answer];
  }
  return String(value['apiVersion']).startsWith('gateway.tailscale.com/') ? findingsOf(value) : [];
}

function findingsOf(value: Record<string, unknown>): readonly unknown[] {
  const found = resourceFromObject({ ...value, metadata: { namespace: 'default', ...(value['metadata'] as object) } });
  if (found.kind !== 'resource') return [found];
  switch (found.resource.kind) {
    case 'TailscaleEndpoints':
      return endpointsFromResource(found.resource, known).findings;
    case 'TailscaleRoutePolicy':
      return policyFromResource(found.resource).findings;
    case 'TailscaleTailnet':
      return tailnetFromResource(found.resource).findings;
    default:
      return [`no document shows a ${found.resource.kind}`];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
