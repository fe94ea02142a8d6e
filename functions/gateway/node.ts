import { formatAccess, runService } from '../serving/process/node.ts';
import { parseGatewayConfig } from './gateway-config.ts';
import { serveGateway } from './serve/node.ts';

await runService(parseGatewayConfig, async ({ config, certificates, log }) => {
  const gateway = await serveGateway({ ...config, certificates });
  log.info({ url: gateway.url, upstreams: Object.fromEntries(config.upstreams), ...formatAccess(config) }, 'serving');
  return gateway;
});
