// `npm run client -- URL N`: sends N requests to URL and prints the share of each answer.
import { parseFlags } from './command-line.ts';
import { formatShares, measureShares } from './shares.ts';

const usage = 'Usage: npm run client -- URL N\n  npm run client -- http://127.0.0.1:10000 50\n';
const { positionals } = parseFlags({ allowPositionals: true }, usage);
const [url = '', count = ''] = positionals;
if (!URL.canParse(url) || new URL(url).protocol !== 'http:' || !/^[1-9]\d{0,6}$/.test(count)) {
  process.stderr.write(usage);
  process.exit(2);
}

const shares = await measureShares(new URL(url), Number(count));
process.stdout.write(`${formatShares(shares)}\n`);
process.exitCode = shares.failed === 0 ? 0 : 1;
