import { create } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import {
  type HttpProtocolOptions,
  HttpProtocolOptions_ExplicitHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from '../../proto/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';
import { UpstreamHttp } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';

/** The HTTP versions that a cluster speaks: one, or what each TLS connection agrees on. */
export type UpstreamProtocol = 'http1' | 'http2' | 'negotiated';

/** The key of a cluster's HTTP protocol options. */
const httpProtocolOptionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** @param tls whether all hosts of the cluster speak TLS */
export function toUpstreamProtocol(setting: UpstreamHttp | undefined, tls: boolean): UpstreamProtocol {
  switch (setting) {
    case UpstreamHttp.HTTP1:
      return 'http1';
    case UpstreamHttp.HTTP2:
      return 'http2';
    default:
      return tls ? 'negotiated' : 'http1';
  }
}

/** What a TLS handshake offers. */
export function toAlpnProtocols(protocol: UpstreamProtocol): string[] {
  switch (protocol) {
    case 'http1':
      return ['http/1.1'];
    case 'http2':
      return ['h2'];
    case 'negotiated':
      return ['h2', 'http/1.1'];
    default:
      return protocol satisfies never;
  }
}

/** Builds the extension options of a cluster. */
export function buildProtocolOptions(protocol: UpstreamProtocol): Record<string, Any> {
  return { [httpProtocolOptionsKey]: anyPack(HttpProtocolOptionsSchema, buildHttpProtocolOptions(protocol)) };
}

function buildHttpProtocolOptions(protocol: UpstreamProtocol): HttpProtocolOptions {
  if (protocol === 'negotiated') {
    return create(HttpProtocolOptionsSchema, { upstreamProtocolOptions: { case: 'autoConfig', value: {} } });
  }
  const value = create(HttpProtocolOptions_ExplicitHttpConfigSchema, {
    protocolConfig: { case: protocol === 'http2' ? 'http2ProtocolOptions' : 'httpProtocolOptions', value: {} },
  });
  return create(HttpProtocolOptionsSchema, { upstreamProtocolOptions: { case: 'explicitHttpConfig', value } });
}
