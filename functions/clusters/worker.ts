import { createFetchHandler } from '../serving/fetch-handler.ts';
import { registerClusters } from './handler.ts';

/** The clusters function as a Cloudflare Worker. */
export default { fetch: createFetchHandler(registerClusters) };
