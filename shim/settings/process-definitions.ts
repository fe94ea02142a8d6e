import { logLevels } from '../telemetry/log.ts';
import { given } from './definition.ts';
import { listenAddress, oneOf } from './parsers.ts';

/** How the process shows itself. */
export const processDefinitions = {
  healthAddress: given({
    group: 'Process',
    flag: 'health-probe-bind-address',
    environment: 'HEALTH_PROBE_BIND_ADDRESS',
    fallback: ':8081',
    parse: listenAddress,
    help: 'address of /healthz and /readyz; 0: none',
  }),
  metricsAddress: given({
    group: 'Process',
    flag: 'metrics-bind-address',
    environment: 'METRICS_BIND_ADDRESS',
    fallback: ':8080',
    parse: listenAddress,
    help: 'address of /metrics; 0: none',
  }),
  logLevel: given({
    group: 'Process',
    flag: 'log-level',
    environment: 'TAILWAY_LOG_LEVEL',
    fallback: 'info',
    parse: oneOf(...logLevels),
    help: logLevels.join(', '),
  }),
} as const;
