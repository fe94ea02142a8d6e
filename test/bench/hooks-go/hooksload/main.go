// Command hooksload calls an extension server as Envoy Gateway does, one call after another on one connection, and prints
// what it measured as one line of JSON. Messages go out and come back as bytes: only the server's work counts.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type result struct {
	P50Ms        float64 `json:"p50Ms"`
	P99Ms        float64 `json:"p99Ms"`
	CPUMs        float64 `json:"cpuMs"`        // of the server, for one call
	MessageBytes int     `json:"messageBytes"` // of the largest request
	GrownBytes   int64   `json:"grownBytes"`   // the server's peak of resident memory, beyond what it had before
}

func main() {
	scenario := flag.String("scenario", "virtualhosts", "virtualhosts or translate")
	target := flag.String("target", "", "address of the server")
	pid := flag.Int("pid", 0, "process id of the server")
	endpoints := flag.Int("endpoints", 10, "services that must come back injected")
	calls := flag.Int("calls", 2000, "calls that are measured")
	warmUp := flag.Int("warmup", 200, "calls before")
	routes := flag.Int("routes", 20, "routes of a virtual host")
	clusters := flag.Int("clusters", 5000, "clusters of a translation")
	secrets := flag.Int("secrets", 200, "secrets of a translation")
	seed := flag.Int("seed", 0, "other content for another seed")
	flag.Parse()

	plan := plan{target: *target, server: process(*pid), calls: *calls, warmUp: *warmUp}
	switch *scenario {
	case "virtualhosts":
		plan.virtualHosts(*routes, *endpoints, *seed)
	case "translate":
		plan.translate(*clusters, *secrets, *endpoints, *seed)
	}
	measured, err := plan.run()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(measured)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hooksload:", err)
		os.Exit(1)
	}
}

// plan is what is called, and what must come back.
type plan struct {
	target        string
	server        process
	method        string
	calls, warmUp int
	request       func(call int) []byte
	check         func(call int, response []byte) error
}

func (p plan) run() (result, error) {
	const limit = 2000 << 20
	conn, err := grpc.NewClient(p.target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(limit), grpc.MaxCallSendMsgSize(limit)),
		grpc.WithInitialWindowSize(64<<20), grpc.WithInitialConnWindowSize(64<<20),
	)
	if err != nil {
		return result{}, err
	}
	defer conn.Close()

	requests := make([][]byte, p.calls)
	for call := range requests {
		requests[call] = p.request(call)
	}
	for call := range p.warmUp {
		if _, err := p.call(conn, -1-call); err != nil {
			return result{}, err
		}
	}
	memory, err := p.server.residentBytes()
	if err != nil {
		return result{}, err
	}
	var measured result
	durations := make([]time.Duration, p.calls)
	before, err := p.server.cpuTime()
	if err != nil {
		return result{}, err
	}
	for call, request := range requests {
		measured.MessageBytes = max(measured.MessageBytes, len(request))
		if durations[call], err = p.send(conn, call, request); err != nil {
			return result{}, err
		}
	}
	after, err := p.server.cpuTime()
	if err != nil {
		return result{}, err
	}
	peak, err := p.server.peakBytes()
	if err != nil {
		return result{}, err
	}
	slices.Sort(durations)
	measured.P50Ms = milliseconds(durations[len(durations)/2])
	measured.P99Ms = milliseconds(durations[len(durations)*99/100])
	measured.CPUMs = milliseconds(after-before) / float64(p.calls)
	measured.GrownBytes = max(0, peak-memory)
	return measured, nil
}

func (p plan) call(conn *grpc.ClientConn, call int) (time.Duration, error) {
	return p.send(conn, call, p.request(call))
}

func (p plan) send(conn *grpc.ClientConn, call int, request []byte) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var response []byte
	started := time.Now()
	err := conn.Invoke(ctx, "/envoygateway.extension.EnvoyGatewayExtension/"+p.method, &request, &response)
	took := time.Since(started)
	if err != nil {
		return 0, err
	}
	// Decoding all that comes back would disturb what is measured next.
	if call == 0 || call == p.calls-1 {
		return took, p.check(call, response)
	}
	return took, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
