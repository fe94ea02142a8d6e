package main

import (
	"bytes"
	"fmt"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	leastrequest "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpoptions "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Field numbers of PostTranslateModifyRequest, and those of the response.
const (
	requestClusters, requestSecrets   = 2, 3
	responseClusters, responseSecrets = 1, 2
)

// translate calls PostTranslateModify. The request is put together from encoded parts, so that a very large one can be made.
func (p *plan) translate(clusters, secrets, endpoints, seed int) {
	var request []byte
	for i := range clusters {
		request = appendField(request, requestClusters, encode(newCluster(fmt.Sprintf("httproute/default/application-%d/rule/%d", seed, i))))
	}
	for i := range secrets {
		request = appendField(request, requestSecrets, encode(newSecret(fmt.Sprintf("default/certificate-%d-%d", seed, i))))
	}
	p.method = "PostTranslateModify"
	p.request = func(int) []byte { return request }
	p.check = func(_ int, response []byte) error {
		counts, err := countFields(response)
		if err != nil {
			return err
		}
		if counts[responseClusters] != clusters+endpoints || counts[responseSecrets] != secrets {
			return fmt.Errorf("%d clusters and %d secrets came back, not %d and %d",
				counts[responseClusters], counts[responseSecrets], clusters+endpoints, secrets)
		}
		return nil
	}
}

// newCluster is one as Envoy Gateway makes it.
func newCluster(name string) *cluster.Cluster {
	return &cluster.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig: &cluster.Cluster_EdsClusterConfig{
			ServiceName: name,
			EdsConfig: &core.ConfigSource{
				ResourceApiVersion:    core.ApiVersion_V3,
				ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
			},
		},
		ConnectTimeout:                durationpb.New(10e9),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(32768),
		DnsLookupFamily:               cluster.Cluster_V4_PREFERRED,
		CommonLbConfig:                &cluster.Cluster_CommonLbConfig{},
		CircuitBreakers: &cluster.CircuitBreakers{
			Thresholds: []*cluster.CircuitBreakers_Thresholds{{MaxRetries: wrapperspb.UInt32(1024)}},
		},
		LoadBalancingPolicy: &cluster.LoadBalancingPolicy{Policies: []*cluster.LoadBalancingPolicy_Policy{{
			TypedExtensionConfig: &core.TypedExtensionConfig{
				Name:        "envoy.load_balancing_policies.least_request",
				TypedConfig: anyOf(&leastrequest.LeastRequest{}),
			},
		}}},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyOf(&httpoptions.HttpProtocolOptions{
				UpstreamProtocolOptions: &httpoptions.HttpProtocolOptions_ExplicitHttpConfig_{
					ExplicitHttpConfig: &httpoptions.HttpProtocolOptions_ExplicitHttpConfig{
						ProtocolConfig: &httpoptions.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{},
					},
				},
			}),
		},
		TransportSocket: &core.TransportSocket{
			Name: "envoy.transport_sockets.tls",
			ConfigType: &core.TransportSocket_TypedConfig{TypedConfig: anyOf(&tls.UpstreamTlsContext{
				Sni: "application.default.svc.cluster.local",
				CommonTlsContext: &tls.CommonTlsContext{
					ValidationContextType: &tls.CommonTlsContext_ValidationContextSdsSecretConfig{
						ValidationContextSdsSecretConfig: &tls.SdsSecretConfig{Name: "default/ca"},
					},
				},
			})},
		},
		Metadata: madeOf("HTTPRoute", "application", "rule"),
	}
}

func newSecret(name string) *tls.Secret {
	inline := func(size int) *core.DataSource {
		return &core.DataSource{Specifier: &core.DataSource_InlineBytes{InlineBytes: bytes.Repeat([]byte{'k'}, size)}}
	}
	return &tls.Secret{
		Name: name,
		Type: &tls.Secret_TlsCertificate{TlsCertificate: &tls.TlsCertificate{
			CertificateChain: inline(3000), PrivateKey: inline(1700),
		}},
	}
}

func anyOf(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	if err != nil {
		panic(err) // what is built here can be encoded
	}
	return packed
}

func appendField(message []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), content)
}

func countFields(message []byte) (map[protowire.Number]int, error) {
	counts := map[protowire.Number]int{}
	for len(message) > 0 {
		field, _, length := protowire.ConsumeField(message)
		if length < 0 {
			return nil, protowire.ParseError(length)
		}
		counts[field]++
		message = message[length:]
	}
	return counts, nil
}
