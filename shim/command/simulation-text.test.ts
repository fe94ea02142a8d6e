import { describe, expect, it } from 'vitest';
import type { SimulatedGroup } from '../admin/simulation.ts';
import { formatSimulation } from './simulation-text.ts';
import { createStyle } from './style.ts';

/** Two hosts of which one is down. */
function text(group: Partial<SimulatedGroup>, shares: readonly [number, number] = [1, 0]): string {
  const [up, down] = shares;
  const endpoint = { device: 'west-1', host: '100.64.0.1:80', weight: 1, down: false, before: 0.5, after: up };
  const locality = { region: 'tag:weight-1', zone: '', priority: 0, weight: 1, before: 1, after: up + down };
  const localities = [
    { ...locality, endpoints: [endpoint, { ...endpoint, device: 'west-2', down: true, after: down }] },
  ];
  const healthy = { name: 'web', localities, healthy: 1, panic: false, panicThreshold: 50, policy: 'round-robin' };
  const simulation = {
    down: [{ asked: 'west-2', hosts: ['100.64.0.2:80'] }],
    groups: [{ ...healthy, ...group }],
    untouched: 0,
  };
  return formatSimulation(simulation, createStyle(false));
}

describe('the text of a simulation', () => {
  it('says nothing more where round robin serves from healthy hosts', () => {
    expect(text({}).trimEnd().split('\n').at(-1)).toMatch(/west-2 .* down$/);
  });

  it.each([
    { group: { policy: 'random' }, says: 'Random: the weights of hosts do not count.' },
    { group: { policy: 'maglev' }, says: 'Maglev: shares of many different keys.' },
    { group: { panic: true, panicThreshold: 70 }, says: 'Envoy panics: fewer than 70% of the hosts are healthy' },
    { group: { panic: true, healthy: 0 }, says: 'Envoy panics: nobody is healthy' },
  ])('says $says', ({ group, says }) => {
    expect(text(group)).toContain(says);
  });

  it('says that Envoy answers itself where nobody is healthy and it does not panic', () => {
    expect(text({ healthy: 0, panicThreshold: 0 }, [0, 0])).toContain('Envoy answers 503: nobody is healthy');
    expect(text({ panicThreshold: 0 })).not.toContain('503');
  });
});
