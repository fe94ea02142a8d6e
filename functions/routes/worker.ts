import { createFetchHandler } from '../serving/fetch-handler.ts';
import { registerRoutes } from './handler.ts';

/** The routes function as a Cloudflare Worker. */
export default { fetch: createFetchHandler(registerRoutes) };
