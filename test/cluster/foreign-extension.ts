import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  DirectResponseActionSchema,
  RouteMatchSchema,
  RouteSchema,
  VirtualHostSchema,
} from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { EnvoyGatewayExtension } from '../../proto/gen/envoygateway/extension/service_pb.ts';

/** An extension server of somebody else: it answers `/foreign/{name}` in each virtual host, and leaves all else as it is. */
export interface ForeignExtension {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts it on loopback. */
export async function startForeignExtension(name: string): Promise<ForeignExtension> {
  const route = create(RouteSchema, {
    name: `foreign-${name}`,
    match: create(RouteMatchSchema, { pathSpecifier: { case: 'path', value: `/foreign/${name}` } }),
    action: {
      case: 'directResponse',
      value: create(DirectResponseActionSchema, {
        status: 200,
        body: { specifier: { case: 'inlineString', value: JSON.stringify({ name }) } },
      }),
    },
  });
  const server = createServer(
    connectNodeAdapter({
      routes: ({ service }) =>
        service(EnvoyGatewayExtension, {
          postRouteModify: ({ route }) => ({ route }),
          postVirtualHostModify({ virtualHost }) {
            const host = fromBinary(VirtualHostSchema, virtualHost);
            host.routes.unshift(route);
            return { virtualHost: toBinary(VirtualHostSchema, host) };
          },
          postHTTPListenerModify: ({ listener }) => ({ listener }),
          postClusterModify: ({ cluster }) => ({ cluster }),
          postEndpointsModify: ({ loadAssignment }) => ({ loadAssignment }),
          postTranslateModify: ({ clusters, secrets, listeners, routes }) => ({ clusters, secrets, listeners, routes }),
        }),
    }),
  );
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A server that listens on TCP has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}
