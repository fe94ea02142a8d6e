package main

import (
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// linearStore is a LinearCache for each type, and a multiplexer in front of them.
type linearStore struct {
	cachev3.MuxCache
	caches map[string]*cachev3.LinearCache
}

func newLinearStore() *linearStore {
	store := &linearStore{caches: map[string]*cachev3.LinearCache{}}
	store.Caches = map[string]cachev3.Cache{}
	for _, typeURL := range []string{resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType} {
		cache := cachev3.NewLinearCache(typeURL)
		store.caches[typeURL] = cache
		store.Caches[typeURL] = cache
	}
	store.Classify = func(request *cachev3.Request) string { return request.GetTypeUrl() }
	store.ClassifyDelta = func(request *cachev3.DeltaRequest) string { return request.GetTypeUrl() }
	return store
}

// apply hands each type's changes to its cache, in the order in which an Envoy wants them.
func (s *linearStore) apply(change transaction) error {
	updates := map[string]map[string]types.Resource{}
	for _, set := range change.Set {
		message, err := decodeResource(set.Type, set.Body)
		if err != nil {
			return err
		}
		if updates[set.Type] == nil {
			updates[set.Type] = map[string]types.Resource{}
		}
		updates[set.Type][set.Name] = message
	}
	removals := map[string][]string{}
	for _, key := range change.Remove {
		removals[key.Type] = append(removals[key.Type], key.Name)
	}
	for _, typeURL := range []string{resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType} {
		if len(updates[typeURL]) == 0 && len(removals[typeURL]) == 0 {
			continue
		}
		if err := s.caches[typeURL].UpdateResources(updates[typeURL], removals[typeURL]); err != nil {
			return err
		}
	}
	return nil
}
