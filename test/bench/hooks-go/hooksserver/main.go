// Command hooksserver is what Tailway's hooks are measured against: an extension server of Envoy Gateway on grpc-go that
// decodes and encodes all with the official types, as any such server in Go does, and injects the same routes and clusters.
// It prints its address, as one line of JSON, once it serves.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"

	"github.com/envoyproxy/gateway/proto/extension"
	"google.golang.org/grpc"
)

func main() {
	endpoints := flag.Int("endpoints", 10, "services that are injected")
	flag.Parse()
	if err := serve(*endpoints); err != nil {
		fmt.Fprintln(os.Stderr, "hooksserver:", err)
		os.Exit(1)
	}
}

func serve(endpoints int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	const limit = 1000<<20 + 1<<16
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(limit), grpc.MaxSendMsgSize(limit),
		// As Tailway: a large message should not stop and go.
		grpc.InitialWindowSize(64<<20), grpc.InitialConnWindowSize(64<<20),
	)
	extension.RegisterEnvoyGatewayExtensionServer(server, newHooks(endpoints))
	target := map[string]string{"target": listener.Addr().String()}
	if err := json.NewEncoder(os.Stdout).Encode(target); err != nil {
		return err
	}
	return server.Serve(listener)
}
