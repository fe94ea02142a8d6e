import { defineCommand } from '../../shim/command/command.ts';
import { WrongCall } from '../../shim/command/command-error.ts';
import { formatShares, measureShares } from './shares.ts';

/** `tailway client`, `npm run client`: sends requests and prints the share of each answer. */
export const client = defineCommand({
  name: 'client',
  summary: 'send requests, and tell the share of each answer',
  operands: [
    { name: 'URL', help: 'where to, by http: an Envoy, or one of the servers behind it' },
    { name: 'N', help: 'how many requests' },
  ],
  flags: {},
  examples: [
    { call: 'tailway client http://127.0.0.1:10000 50', does: 'who answers through Envoy', needs: 'a server' },
  ],
  statuses: { 0: 'every request was answered well', 1: 'some were not' },
  async run({ operands: [url = '', count = ''], out }) {
    if (!URL.canParse(url) || new URL(url).protocol !== 'http:') {
      throw new WrongCall(`URL: ${JSON.stringify(url)} must be a URL such as http://127.0.0.1:10000`);
    }
    if (!/^[1-9]\d{0,6}$/.test(count)) {
      throw new WrongCall(`N: ${JSON.stringify(count)} must be a whole number from 1 to 9999999`);
    }
    const shares = await measureShares(new URL(url), Number(count));
    out(`${formatShares(shares)}\n`);
    return shares.failed === 0 ? 0 : 1;
  },
});
