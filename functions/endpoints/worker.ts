import { createFetchHandler } from '../serving/fetch-handler.ts';
import { registerEndpoints } from './handler.ts';

/** The endpoints function as a Cloudflare Worker. */
export default { fetch: createFetchHandler(registerEndpoints) };
