// Command xdsload holds many xDS streams against one server, publishes changes over the control
// interface, and measures what a publish costs: latency at every stream, CPU time and memory of
// the server's process. It prints one JSON object. It speaks HTTP/2 frames itself, because it
// shares the machine with the server and must cost little.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// result is what one run measured. Times are in milliseconds.
type result struct {
	Streams        int     `json:"streams"`
	Connections    int     `json:"connections"`
	Publishes      int     `json:"publishes"`
	ConnectMs      float64 `json:"connectMs"`
	P50Ms          float64 `json:"p50Ms"`
	P99Ms          float64 `json:"p99Ms"`
	CPUMs          float64 `json:"cpuMs"`
	KiBPerStream   float64 `json:"kibPerStream"`
	BytesPerStream float64 `json:"bytesPerStream"`
	// Written counts the streams that got something of a publish, Expected those that had to.
	Written  float64 `json:"written"`
	Expected int     `json:"expected"`
}

func main() {
	scenarioName := flag.String("scenario", "fanout", "fanout, names or gateways")
	target := flag.String("target", "", "host:port of the xDS server")
	control := flag.String("control", "", "URL of the control interface")
	pid := flag.Int("pid", 0, "process id of the server")
	streams := flag.Int("streams", 1000, "streams (fanout, names)")
	warmUp := flag.Int("warmup", 3, "publishes before measuring")
	publishes := flag.Int("publishes", 10, "publishes that are measured")
	deadline := flag.Duration("deadline", 2*time.Minute, "how long connecting or one publish may take")
	flag.Parse()

	plan, err := newPlan(*scenarioName, *streams)
	if err == nil {
		plan.target, plan.deadline = *target, *deadline
		plan.warmUp, plan.publishes = *warmUp, *publishes
		plan.server, plan.publisher = process(*pid), publisher{url: *control}
		var measured result
		if measured, err = plan.run(); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(measured)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "xdsload:", err)
		os.Exit(1)
	}
}
