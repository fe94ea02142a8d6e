import { createFetchHandler } from '../serving/fetch-handler.ts';
import { registerDataPlane } from './handler.ts';

/** The data plane function as a Cloudflare Worker. */
export default { fetch: createFetchHandler(registerDataPlane) };
