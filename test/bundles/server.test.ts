import { describe, expect, it } from 'vitest';
import { startBundle } from './bundled-program.ts';

const address = '--address=127.0.0.1';

describe('the bundled server', () => {
  it('says who it is, and ends', async () => {
    const env = { SERVER_LOCALITY: 'east', PORT: '0' };
    await using server = await startBundle('server', [address, '--host=web-1'], { env, started: /Server starting/ });
    const [, port] = await server.said(/^Server starting on :(\d+), host = web-1$/m);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('Hello from web-1! in east\n');
    expect(await server.stop('SIGTERM')).toBe(0);
  });
});
