package main

import (
	"context"
	"fmt"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// everyNode is the one group that all nodes belong to.
const everyNode = "every-node"

type oneGroup struct{}

func (oneGroup) ID(*corev3.Node) string { return everyNode }

// snapshotStore keeps the whole state and sets a snapshot of it after every change. A type's
// version moves only when something of that type has changed.
type snapshotStore struct {
	cachev3.SnapshotCache
	resources [types.UnknownType]map[string]types.Resource
	versions  [types.UnknownType]int
}

func newSnapshotStore(ads bool) *snapshotStore {
	store := &snapshotStore{SnapshotCache: cachev3.NewSnapshotCache(ads, oneGroup{}, nil)}
	for kind := range store.resources {
		store.resources[kind] = map[string]types.Resource{}
	}
	return store
}

func (s *snapshotStore) apply(change transaction) error {
	changed := map[types.ResponseType]bool{}
	for _, set := range change.Set {
		message, err := decodeResource(set.Type, set.Body)
		if err != nil {
			return err
		}
		kind := cachev3.GetResponseType(set.Type)
		if kind == types.UnknownType {
			return fmt.Errorf("unknown type %s", set.Type)
		}
		s.resources[kind][set.Name] = message
		changed[kind] = true
	}
	for _, key := range change.Remove {
		kind := cachev3.GetResponseType(key.Type)
		if kind == types.UnknownType {
			return fmt.Errorf("unknown type %s", key.Type)
		}
		delete(s.resources[kind], key.Name)
		changed[kind] = true
	}
	for kind := range changed {
		s.versions[kind]++
	}
	return s.SetSnapshot(context.Background(), everyNode, s.snapshot())
}

func (s *snapshotStore) snapshot() *cachev3.Snapshot {
	snapshot := &cachev3.Snapshot{}
	for kind, resources := range s.resources {
		items := make([]types.Resource, 0, len(resources))
		for _, message := range resources {
			items = append(items, message)
		}
		snapshot.Resources[kind] = cachev3.NewResources(strconv.Itoa(s.versions[kind]), items)
	}
	return snapshot
}
