package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	clusterservice "github.com/envoyproxy/go-control-plane/envoy/service/cluster/v3"
	discoveryservice "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	endpointservice "github.com/envoyproxy/go-control-plane/envoy/service/endpoint/v3"
	listenerservice "github.com/envoyproxy/go-control-plane/envoy/service/listener/v3"
	routeservice "github.com/envoyproxy/go-control-plane/envoy/service/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/sotw/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

// xdsServer is one gRPC server with one store. A reset replaces both and keeps the address.
type xdsServer struct {
	kind    string
	ads     bool
	address string

	mu    sync.Mutex
	store store
	grpc  *grpc.Server
}

func (s *xdsServer) start() error {
	store, err := newStore(s.kind, s.ads)
	if err != nil {
		return err
	}
	listener, err := listen(s.address)
	if err != nil {
		return err
	}
	s.address = listener.Addr().String()
	s.store = store
	s.grpc = newGRPCServer(store)
	go func(server *grpc.Server) { _ = server.Serve(listener) }(s.grpc)
	return nil
}

// reset ends every stream and begins again with nothing, as a restart does.
func (s *xdsServer) reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grpc.Stop()
	return s.start()
}

func (s *xdsServer) apply(change transaction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.apply(change)
}

func newStore(kind string, ads bool) (store, error) {
	switch kind {
	case "snapshot":
		return newSnapshotStore(ads), nil
	case "linear":
		return newLinearStore(), nil
	default:
		return nil, fmt.Errorf("unknown cache %q: snapshot or linear", kind)
	}
}

func newGRPCServer(store store) *grpc.Server {
	server := grpc.NewServer()
	xds := serverv3.NewServer(context.Background(), store, nil, sotw.WithOrderedADS())
	discoveryservice.RegisterAggregatedDiscoveryServiceServer(server, xds)
	clusterservice.RegisterClusterDiscoveryServiceServer(server, xds)
	endpointservice.RegisterEndpointDiscoveryServiceServer(server, xds)
	listenerservice.RegisterListenerDiscoveryServiceServer(server, xds)
	routeservice.RegisterRouteDiscoveryServiceServer(server, xds)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	reflection.Register(server)
	return server
}

// listen tries for a while: after a reset the port may still be closing.
func listen(address string) (net.Listener, error) {
	for attempt := 0; ; attempt++ {
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return listener, nil
		}
		if attempt == 50 {
			return nil, fmt.Errorf("failed to listen for xDS: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
