// Command xdsserver serves xDS out of one of go-control-plane's caches. It is what Tailway's own
// server is measured against, and a second target for the conformance suite. Resources come over
// the control interface that test/conformance/README.md describes.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"

	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// store is a cache that can be told of changes.
type store interface {
	cachev3.Cache
	apply(change transaction) error
}

func main() {
	kind := flag.String("cache", "snapshot", "snapshot or linear")
	ads := flag.Bool("ads", false, "the snapshot cache's ADS mode: no response until every resource of the type is asked for")
	xdsAddress := flag.String("xds", "127.0.0.1:0", "where xDS is served")
	controlAddress := flag.String("control", "127.0.0.1:0", "where the control interface is served")
	flag.Parse()
	if err := run(*kind, *ads, *xdsAddress, *controlAddress); err != nil {
		fmt.Fprintln(os.Stderr, "xdsserver:", err)
		os.Exit(1)
	}
}

func run(kind string, ads bool, xdsAddress, controlAddress string) error {
	server := &xdsServer{kind: kind, ads: ads, address: xdsAddress}
	if err := server.start(); err != nil {
		return err
	}
	control, err := net.Listen("tcp", controlAddress)
	if err != nil {
		return fmt.Errorf("failed to listen for control: %w", err)
	}
	fmt.Printf("{\"xds\":%q,\"control\":%q}\n", server.address, "http://"+control.Addr().String())
	return http.Serve(control, controlHandler(server))
}
