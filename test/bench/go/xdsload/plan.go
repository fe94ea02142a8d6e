package main

import (
	"fmt"
	"slices"
	"time"
)

const (
	endpointType    = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	aggregatedSotW  = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
	endpointsDelta  = "/envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints"
	fanoutEndpoints = 100
	groupEndpoints  = 10
	namedGroups     = 1000
	gatewayEnvoys   = 50
	gatewayGroups   = 200
)

// plan is one scenario: which load assignments exist, and which streams ask for which of them.
type plan struct {
	target              string
	deadline            time.Duration
	warmUp, publishes   int
	server              process
	publisher           publisher
	groups              []string
	endpointsPerGroup   int
	connections         int
	streamsPerConn      int
	path                string
	delta               bool
	subscription        func(stream int) []string
	streamsOfOnePublish int
}

func newPlan(scenario string, streams int) (*plan, error) {
	switch scenario {
	case "fanout": // One load assignment, every stream on a connection of its own.
		groups := groupNames(1)
		return &plan{
			groups: groups, endpointsPerGroup: fanoutEndpoints,
			connections: streams, streamsPerConn: 1, path: aggregatedSotW,
			subscription:        func(int) []string { return groups },
			streamsOfOnePublish: streams,
		}, nil
	case "names": // Every stream names all of many load assignments, one of which changes.
		groups := groupNames(namedGroups)
		return &plan{
			groups: groups, endpointsPerGroup: groupEndpoints,
			connections: streams, streamsPerConn: 1, path: aggregatedSotW,
			subscription:        func(int) []string { return groups },
			streamsOfOnePublish: streams,
		}, nil
	case "gateways": // What `google_grpc` makes of EDS: a stream for each cluster, a connection for each Envoy.
		groups := groupNames(gatewayGroups)
		return &plan{
			groups: groups, endpointsPerGroup: groupEndpoints,
			connections: gatewayEnvoys, streamsPerConn: gatewayGroups, path: endpointsDelta, delta: true,
			subscription:        func(stream int) []string { return groups[stream : stream+1] },
			streamsOfOnePublish: gatewayEnvoys,
		}, nil
	default:
		return nil, fmt.Errorf("unknown scenario %q: fanout, names or gateways", scenario)
	}
}

func groupNames(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("tailnet/group-%04d", i)
	}
	return names
}

func (p *plan) run() (result, error) {
	if err := p.publisher.publishAll(p.groups, p.endpointsPerGroup); err != nil {
		return result{}, err
	}
	p.server.waitQuiet()
	before := p.server.residentBytes()
	load := newLoad(p)
	start := time.Now()
	if err := load.connect(); err != nil {
		return result{}, err
	}
	connected := time.Since(start)
	p.server.waitQuiet()
	for revision := range p.warmUp {
		if _, err := p.publishOnce(load, revision); err != nil {
			return result{}, err
		}
	}
	after := p.server.residentBytes()
	received, messages := load.received()
	cpu := p.server.cpu()
	var latencies []time.Duration
	for revision := range p.publishes {
		once, err := p.publishOnce(load, p.warmUp+revision)
		if err != nil {
			return result{}, err
		}
		latencies = append(latencies, once...)
	}
	cpu = p.server.cpu() - cpu
	bytesAfter, messagesAfter := load.received()
	streams := p.connections * p.streamsPerConn
	perPublish := func(total float64) float64 { return total / float64(p.publishes) }
	return result{
		Streams: streams, Connections: p.connections, Publishes: p.publishes,
		ConnectMs: milliseconds(connected), P50Ms: percentile(latencies, 0.5), P99Ms: percentile(latencies, 0.99),
		CPUMs:          perPublish(milliseconds(cpu)),
		KiBPerStream:   float64(after-before) / 1024 / float64(streams),
		BytesPerStream: perPublish(float64(bytesAfter-received)) / float64(p.streamsOfOnePublish),
		Written:        perPublish(float64(messagesAfter - messages)), Expected: p.streamsOfOnePublish,
	}, nil
}

// publishOnce changes one load assignment, waits until every stream that asked for it has it, and
// until the server has read all acknowledgements.
func (p *plan) publishOnce(load *load, revision int) ([]time.Duration, error) {
	group := p.groups[(revision*7)%len(p.groups)]
	body, err := p.publisher.encode(group, p.endpointsPerGroup, revision+1)
	if err != nil {
		return nil, err
	}
	load.expect(p.streamsOfOnePublish)
	start := time.Now()
	if err := p.publisher.put(body); err != nil {
		return nil, err
	}
	latencies, err := load.wait(start, p.deadline)
	p.server.waitQuiet()
	return latencies, err
}

func percentile(values []time.Duration, share float64) float64 {
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return milliseconds(values[min(len(values)-1, int(float64(len(values))*share))])
}

func milliseconds(duration time.Duration) float64 {
	return float64(duration) / float64(time.Millisecond)
}
