import { passThrough } from './fetch-gateway.ts';

/** The gateway as a Cloudflare Worker: it checks the caller and passes the call to the function's Worker. */
export default { fetch: passThrough };
