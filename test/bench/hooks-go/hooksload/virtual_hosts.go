package main

import (
	"fmt"

	"github.com/envoyproxy/gateway/proto/extension"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// virtualHosts calls PostVirtualHostModify with another virtual host each time.
func (p *plan) virtualHosts(routes, endpoints, seed int) {
	p.method = "PostVirtualHostModify"
	p.request = func(call int) []byte {
		return encode(&extension.PostVirtualHostModifyRequest{
			VirtualHost:            newVirtualHost(fmt.Sprintf("h%d-%d.example.com", seed, call), routes),
			PostVirtualHostContext: &extension.PostVirtualHostExtensionContext{},
		})
	}
	p.check = func(_ int, response []byte) error {
		var res extension.PostVirtualHostModifyResponse
		if err := proto.Unmarshal(response, &res); err != nil {
			return err
		}
		if got := len(res.GetVirtualHost().GetRoutes()); got != routes+endpoints {
			return fmt.Errorf("%d routes came back, not %d", got, routes+endpoints)
		}
		return nil
	}
}

// newVirtualHost is one as Envoy Gateway makes it, the catch-all last.
func newVirtualHost(host string, routes int) *route.VirtualHost {
	virtualHost := &route.VirtualHost{
		Name:     "default/eg/http/" + host,
		Domains:  []string{host},
		Metadata: madeOf("Gateway", "eg", "http"),
	}
	for i := range routes {
		path := fmt.Sprintf("/application-%d", i)
		if i == routes-1 {
			path = "/"
		}
		virtualHost.Routes = append(virtualHost.Routes, newRoute(path, i))
	}
	return virtualHost
}

func newRoute(path string, index int) *route.Route {
	match := &route.RouteMatch{PathSpecifier: &route.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: path}}
	if path == "/" {
		match.PathSpecifier = &route.RouteMatch_Prefix{Prefix: path}
	}
	return &route.Route{
		Name:     fmt.Sprintf("httproute/default/application/rule/%d/match/0/example_com", index),
		Match:    match,
		Metadata: madeOf("HTTPRoute", "application", fmt.Sprintf("rule-%d", index)),
		Action: &route.Route_Route{Route: &route.RouteAction{
			ClusterSpecifier: &route.RouteAction_Cluster{Cluster: fmt.Sprintf("httproute/default/application/rule/%d", index)},
			Timeout:          durationpb.New(30e9),
			UpgradeConfigs:   []*route.RouteAction_UpgradeConfig{{UpgradeType: "websocket"}},
		}},
	}
}

// madeOf is the metadata in which Envoy Gateway names the object that it made a resource of.
func madeOf(kind, name, section string) *core.Metadata {
	resource := structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
		"kind":        structpb.NewStringValue(kind),
		"namespace":   structpb.NewStringValue("default"),
		"name":        structpb.NewStringValue(name),
		"sectionName": structpb.NewStringValue(section),
	}})
	resources := structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{resource}})
	return &core.Metadata{FilterMetadata: map[string]*structpb.Struct{
		"envoy-gateway": {Fields: map[string]*structpb.Value{"resources": resources}},
	}}
}

func encode(message proto.Message) []byte {
	bytes, err := proto.Marshal(message)
	if err != nil {
		panic(err) // what is built here can be encoded
	}
	return bytes
}
