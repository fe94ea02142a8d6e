import { describe, expect, it } from 'vitest';
import { defineCommand } from './command.ts';
import { CommandFailure, WrongCall } from './command-error.ts';
import { dispatch } from './dispatch.ts';
import { findNearest } from './nearest.ts';
import { createStyle } from './style.ts';

const paint = defineCommand({
  name: 'paint',
  summary: 'paint a wall',
  operands: [{ name: 'WALL', help: 'which one' }],
  flags: {
    colour: { type: 'string', value: 'NAME', environment: 'COLOUR', fallback: 'white', help: 'which colour' },
    coat: { type: 'string', multiple: true, help: 'what comes on top' },
    json: { type: 'boolean', help: 'as JSON' },
  },
  examples: [{ call: 'tailway paint north', does: 'one wall' }],
  statuses: { 0: 'painted', 1: 'not' },
  async run({ flags, operands: [wall], out }) {
    if (wall === 'none') throw new CommandFailure('there is no wall');
    if (wall === 'bug') throw new TypeError('a bug');
    if (flags.colour === 'loud') throw new WrongCall('--colour: no colour');
    out(JSON.stringify({ wall, ...flags }));
    return flags.json ? 1 : 0;
  },
});

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const context = { style: createStyle(false), environment, version: '1.2.3' };
  const write = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await dispatch([paint], args, { ...context, ...write });
  return { code, out: out.join(''), err: err.join('') };
}

describe('the command', () => {
  it.each([[[]], [['help']], [['--help']], [['-h']]])('tells what it can: %j', async (args) => {
    const { code, out, err } = await run(args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('paint  paint a wall');
  });

  it.each([[['help', 'paint']], [['paint', '--help']], [['paint', 'north', '-h']]])('teaches one: %j', async (args) => {
    const { code, out } = await run(args);
    expect(code).toBe(0);
    expect(out).toContain('Usage: tailway paint [--colour NAME] [--coat VALUE]… [--json] WALL');
    expect(out).toContain('--colour NAME');
    expect(out).toContain('which colour (COLOUR, white)');
    expect(out).toContain('# one wall\n  tailway paint north');
    expect(out).toContain('0  painted');
  });

  it('tells its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: 'tailway 1.2.3\n', err: '' });
  });

  it('takes flags before the environment, and that before defaults', async () => {
    const colourOf = async (args: readonly string[], environment = {}) =>
      (JSON.parse((await run(['paint', 'north', ...args], environment)).out) as { colour: string }).colour;
    expect(await colourOf([])).toBe('white');
    expect(await colourOf([], { COLOUR: '' })).toBe('white');
    expect(await colourOf([], { COLOUR: 'red' })).toBe('red');
    expect(await colourOf(['--colour=blue'], { COLOUR: 'red' })).toBe('blue');
  });

  it('gives the status that the command gives', async () => {
    const { code, out } = await run(['paint', 'north', '--coat=a', '--coat=b', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ wall: 'north', colour: 'white', coat: ['a', 'b'], json: true });
  });

  it.each([
    { name: 'an unknown command', args: ['pant'], code: 2, text: 'Did you mean "tailway paint"?' },
    { name: 'a far one', args: ['xyzzy'], code: 2, text: 'xyzzy: there is no such command.\n' },
    { name: 'help for an unknown one', args: ['help', 'pian'], code: 2, text: 'there is no such command' },
    { name: 'an unknown flag', args: ['paint', 'north', '--bogus'], code: 2, text: 'Try: tailway paint --help' },
    { name: 'a missing operand', args: ['paint'], code: 2, text: 'WALL is missing' },
    { name: 'too many operands', args: ['paint', 'a', 'b'], code: 2, text: 'b: there is nothing after WALL' },
    { name: 'a wrong value', args: ['paint', 'a', '--colour=loud'], code: 2, text: '--colour: no colour' },
    { name: 'a failure', args: ['paint', 'none'], code: 1, text: 'there is no wall\n' },
  ])('tells on stderr: $name', async ({ args, code, text }) => {
    const result = await run(args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(text);
    expect(result.out).toBe('');
  });

  it('hides no bug', async () => {
    await expect(run(['paint', 'bug'])).rejects.toThrow(TypeError);
  });
});

describe('the nearest name', () => {
  const known = ['serve', 'server', 'status', 'simulate', 'explain', 'doctor'];
  it.each([
    ['stauts', 'status'],
    ['explian', 'explain'],
    ['sim', 'simulate'],
    ['docter', 'doctor'],
    ['serv', 'serve'],
    ['kubectl', undefined],
  ])('%s: %s', (name, nearest) => {
    expect(findNearest(name, known)).toBe(nearest);
  });
});
