package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/envoyproxy/gateway/proto/extension"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
)

type hooks struct {
	extension.UnimplementedEnvoyGatewayExtensionServer
	routes   []*route.Route
	clusters []*cluster.Cluster
}

func newHooks(endpoints int) *hooks {
	h := &hooks{}
	for i := range endpoints {
		service := fmt.Sprintf("service-%d", i)
		address := fmt.Sprintf("10.0.%d.%d", i/250, i%250+1)
		h.routes = append(h.routes, newRoute(service, address))
		h.clusters = append(h.clusters, newCluster(service, address))
	}
	return h
}

// PostVirtualHostModify puts the routes ahead of the catch-alls.
func (h *hooks) PostVirtualHostModify(_ context.Context, req *extension.PostVirtualHostModifyRequest) (*extension.PostVirtualHostModifyResponse, error) {
	host := req.GetVirtualHost()
	place := slices.IndexFunc(host.Routes, func(r *route.Route) bool {
		prefix := r.GetMatch().GetPathSeparatedPrefix() + r.GetMatch().GetPrefix()
		return prefix == "/" || prefix != "" && strings.HasPrefix("/api/", prefix)
	})
	if place < 0 {
		place = len(host.Routes)
	}
	host.Routes = slices.Insert(host.Routes, place, h.routes...)
	return &extension.PostVirtualHostModifyResponse{VirtualHost: host}, nil
}

// PostTranslateModify adds the clusters.
func (h *hooks) PostTranslateModify(_ context.Context, req *extension.PostTranslateModifyRequest) (*extension.PostTranslateModifyResponse, error) {
	return &extension.PostTranslateModifyResponse{
		Clusters:  append(req.Clusters, h.clusters...),
		Secrets:   req.Secrets,
		Listeners: req.Listeners,
		Routes:    req.Routes,
	}, nil
}

func newRoute(service, address string) *route.Route {
	path := "/api/" + service
	return &route.Route{
		Name:  "tailscale-egress-" + service,
		Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: path}},
		Action: &route.Route_Route{Route: &route.RouteAction{
			ClusterSpecifier: &route.RouteAction_Cluster{Cluster: "external-backend-" + service},
			RegexRewrite: &matcher.RegexMatchAndSubstitute{
				Pattern:      &matcher.RegexMatcher{Regex: "^" + path + "(?:/|$)"},
				Substitution: "/",
			},
			HostRewriteSpecifier: &route.RouteAction_HostRewriteLiteral{HostRewriteLiteral: address},
		}},
	}
}

func newCluster(service, address string) *cluster.Cluster {
	name := "external-backend-" + service
	return &cluster.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_STATIC},
		ConnectTimeout:       durationpb.New(5 * time.Second),
		LoadAssignment: &endpoint.ClusterLoadAssignment{
			ClusterName: name,
			Endpoints: []*endpoint.LocalityLbEndpoints{{
				LbEndpoints: []*endpoint.LbEndpoint{{HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{
					Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
						Address:       address,
						PortSpecifier: &core.SocketAddress_PortValue{PortValue: 8080},
					}}},
				}}}},
			}},
		},
	}
}
