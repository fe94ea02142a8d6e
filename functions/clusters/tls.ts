import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { type TransportSocket, TransportSocketSchema } from '../../proto/gen/envoy/config/core/v3/base_pb.ts';
import { SubjectAltNameMatcher_SanType } from '../../proto/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.ts';
import { UpstreamTlsContextSchema } from '../../proto/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { type ServiceUpstream } from '../service-endpoint/service-upstream.ts';
import { type Settings } from './cluster-settings.ts';
import { toAlpnProtocols, type UpstreamProtocol } from './upstream-protocol.ts';

/**
 * What a device is asked for whose endpoint carries no name. No certificate is for it: without it Envoy would take any
 * name at all.
 */
const unnamedDevice = 'device-without-a-name.invalid';

/**
 * Builds TLS to an upstream, whose certificate must be for the name or address that it is reached by. A group's devices
 * are each asked for the name that its endpoint carries.
 */
export function buildTls(upstream: ServiceUpstream, protocol: UpstreamProtocol, settings: Settings): TransportSocket {
  const names = buildNames(upstream);
  const context = create(UpstreamTlsContextSchema, {
    sni: names.sni,
    autoHostSni: names.perHost,
    autoSniSanValidation: names.perHost,
    commonTlsContext: {
      alpnProtocols: toAlpnProtocols(protocol),
      validationContextType: {
        case: 'validationContext',
        value: {
          trustedCa: { specifier: { case: 'filename', value: settings.trustedCaFile } },
          matchTypedSubjectAltNames: names.subjects,
        },
      },
    },
  });
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    configType: { case: 'typedConfig', value: anyPack(UpstreamTlsContextSchema, context) },
  });
}

function buildNames(upstream: ServiceUpstream) {
  switch (upstream.kind) {
    case 'group':
      return { sni: unnamedDevice, perHost: true, subjects: [] };
    case 'name':
      return {
        sni: upstream.host,
        perHost: false,
        subjects: [subject(SubjectAltNameMatcher_SanType.DNS, upstream.host)],
      };
    case 'address':
      // An address is no server name: https://www.rfc-editor.org/rfc/rfc6066#section-3
      return {
        sni: '',
        perHost: false,
        subjects: [subject(SubjectAltNameMatcher_SanType.IP_ADDRESS, upstream.address)],
      };
    default:
      return upstream satisfies never;
  }
}

function subject(sanType: SubjectAltNameMatcher_SanType, exact: string) {
  return { sanType, matcher: { matchPattern: { case: 'exact', value: exact } as const } };
}
