package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// publisher sets load assignments over the server's control interface.
type publisher struct{ url string }

type setResource struct {
	Type string `json:"type"`
	Name string `json:"name"`
	Body []byte `json:"body"`
}

func (p publisher) publishAll(groups []string, endpoints int) error {
	sets := make([]setResource, 0, len(groups))
	for _, group := range groups {
		body, err := loadAssignment(group, endpoints, 0)
		if err != nil {
			return err
		}
		sets = append(sets, setResource{endpointType, group, body})
	}
	body, err := json.Marshal(map[string]any{"set": sets})
	if err != nil {
		return err
	}
	return p.put(body)
}

// encode is the request body of one change, made before the clock starts.
func (p publisher) encode(group string, endpoints, revision int) ([]byte, error) {
	body, err := loadAssignment(group, endpoints, revision)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"set": []setResource{{endpointType, group, body}}})
}

func (p publisher) put(body []byte) error {
	request, err := http.NewRequest(http.MethodPut, p.url+"/resources", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("content-type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("failed to publish: %w", err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("failed to publish: %s: %s", response.Status, text)
	}
	return nil
}

// loadAssignment is one locality of tailnet addresses; the revision is the first endpoint's weight.
func loadAssignment(name string, endpoints, revision int) ([]byte, error) {
	locality := &endpointv3.LocalityLbEndpoints{
		Locality:            &corev3.Locality{Region: "tag:weight-2"},
		LoadBalancingWeight: wrapperspb.UInt32(2),
	}
	for i := range endpoints {
		address := fmt.Sprintf("100.64.%d.%d", 100+i/100, 100+i%100)
		endpoint := &endpointv3.LbEndpoint{
			HostIdentifier:      &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: socketAddress(address)}},
			LoadBalancingWeight: wrapperspb.UInt32(1),
		}
		if i == 0 {
			endpoint.LoadBalancingWeight = wrapperspb.UInt32(uint32(revision + 1))
		}
		locality.LbEndpoints = append(locality.LbEndpoints, endpoint)
	}
	return proto.Marshal(&endpointv3.ClusterLoadAssignment{
		ClusterName: name,
		Endpoints:   []*endpointv3.LocalityLbEndpoints{locality},
	})
}

func socketAddress(address string) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       address,
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 8080},
	}}}
}
