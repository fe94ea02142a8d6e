import type { ShimStatus } from '../admin/shim-status.ts';
import { askShim } from './ask-shim.ts';
import { defineCommand } from './command.ts';
import { WrongCall } from './command-error.ts';
import { jsonFlag, urlFlag } from './flag.ts';
import { formatStatus } from './status-text.ts';

/** `tailway status`: how a running shim is doing. */
export const status = defineCommand({
  name: 'status',
  summary: 'how a running shim is doing: sources, Envoys, hooks, functions',
  flags: {
    url: urlFlag,
    rows: { type: 'string', value: 'N', fallback: '20', help: 'rows of each table' },
    json: jsonFlag,
  },
  examples: [
    { call: 'tailway status', does: 'the shim on this machine', needs: 'a shim' },
    { call: 'tailway status --url http://127.0.0.1:18080', does: 'one whose port is forwarded', needs: 'a shim' },
    { call: 'tailway status --json', does: 'everything, for scripts', needs: 'a shim' },
  ],
  statuses: { 0: 'all is fine', 1: 'something is not (each with its reason), or the shim cannot be asked' },
  async run({ flags: { url, rows, json }, out, style }) {
    if (!/^\d{1,6}$/.test(rows))
      throw new WrongCall(`--rows: ${JSON.stringify(rows)} must be a whole number such as 20`);
    // The shim's own answer.
    const answer = (await askShim(url, '/status', json ? [] : [['limit', rows]])) as ShimStatus;
    out(json ? `${JSON.stringify(answer, undefined, 2)}\n` : formatStatus(answer, { style, maxRows: Number(rows) }));
    return answer.problems.length === 0 ? 0 : 1;
  },
});
