/** A device as Tailscale's API shows it with `fields=all`, with what matters to a test put in. */
export function tailscaleDevice(number: number, fields: object = {}): Record<string, unknown> {
  return {
    addresses: [`100.64.0.${number}`, `fd7a:115c:a1e0::${number.toString(16)}`],
    authorized: true,
    blocksIncomingConnections: false,
    clientVersion: '1.102.5-t0123456789-g0123456789',
    connectedToControl: true,
    created: '2026-01-02T03:04:05Z',
    expires: '0001-01-01T00:00:00Z',
    hostname: `web-${number}`,
    id: `${1_000_000_000_000 + number}`,
    isEphemeral: false,
    isExternal: false,
    keyExpiryDisabled: true,
    machineKey: 'mkey:00',
    multipleConnections: false,
    name: `web-${number}.tail1234.ts.net`,
    nodeId: `n${number}CNTRL`,
    nodeKey: 'nodekey:00',
    os: 'linux',
    tags: ['tag:weight-1'],
    tailnetLockError: '',
    tailnetLockKey: 'nlpub:00',
    updateAvailable: false,
    user: 'admin@example.com',
    clientConnectivity: {
      endpoints: ['192.0.2.1:41641'],
      mappingVariesByDestIP: null,
      latency: {},
      clientSupports: {},
    },
    advertisedRoutes: [],
    enabledRoutes: [],
    distro: { name: '', version: '', codeName: '' },
    ...fields,
  };
}

/** A node as headscale's API shows it from 0.28 on, with what matters to a test put in. */
export function headscaleNode(number: number, fields: object = {}): Record<string, unknown> {
  return {
    id: `${number}`,
    machineKey: 'mkey:00',
    nodeKey: 'nodekey:00',
    discoKey: 'discokey:00',
    ipAddresses: [`100.64.0.${number}`, `fd7a:115c:a1e0::${number.toString(16)}`],
    name: `web-${number}`,
    user: { id: '2147455555', name: 'tagged-devices', createdAt: '2026-01-02T03:04:05Z' },
    lastSeen: '2026-01-02T03:04:05.678901Z',
    expiry: null,
    preAuthKey: null,
    createdAt: '2026-01-02T03:04:05Z',
    registerMethod: 'REGISTER_METHOD_AUTH_KEY',
    givenName: `web-${number}`,
    online: true,
    approvedRoutes: [],
    availableRoutes: [],
    subnetRoutes: [],
    tags: ['tag:weight-1'],
    ...fields,
  };
}
