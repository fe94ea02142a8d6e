// Command imports prints the .proto files that Tailway's own contracts import
// (Envoy's API, gRPC health and reflection, buf.validate), out of the descriptors
// linked into pinned Go modules. So that the project neither copies those texts
// nor needs a schema registry: `go.mod` beside this file says which versions.
//
// Options that only generators of other languages read (protoc-gen-validate's rules, Envoy's
// annotations) are dropped; field numbers, names and types stay as they are.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/jhump/protoreflect/desc"
	"github.com/jhump/protoreflect/desc/protoprint"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/maglev/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/random/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/ring_hash/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/round_robin/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/wrr_locality/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/http_11_proxy/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/endpoint/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/route/v3"
	_ "google.golang.org/grpc/health/grpc_health_v1"
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: imports DIR"))
	}
	if err := run(os.Args[1]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "imports:", err)
	os.Exit(1)
}

func run(dir string) error {
	set := &descriptorpb.FileDescriptorSet{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if wanted(file.Path()) {
			set.File = append(set.File, strip(protodesc.ToFileDescriptorProto(file)))
		}
		return true
	})
	sort.Slice(set.File, func(i, j int) bool { return set.File[i].GetName() < set.File[j].GetName() })
	files, err := desc.CreateFileDescriptorsFromSet(set)
	if err != nil {
		return fmt.Errorf("failed to link the descriptors: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	printer := protoprint.Printer{SortElements: false, Compact: true}
	for name, file := range files {
		if strings.HasPrefix(name, "google/protobuf/") {
			continue // buf brings its own
		}
		text, err := printer.PrintProtoToString(file)
		if err != nil {
			return fmt.Errorf("failed to print %s: %w", name, err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

var annotations = []string{
	"validate/", "udpa/annotations/", "xds/annotations/", "envoy/annotations/",
	"google/api/annotations.proto", "google/api/http.proto",
}

func annotation(path string) bool {
	for _, prefix := range annotations {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

func wanted(path string) bool {
	// Descriptors of the printing library's own dependencies that no contract imports.
	return !annotation(path) && !strings.HasPrefix(path, "google/protobuf/compiler/")
}

// strip drops the custom options and the imports that only they need.
func strip(file *descriptorpb.FileDescriptorProto) *descriptorpb.FileDescriptorProto {
	if strings.HasPrefix(file.GetName(), "buf/validate/") || strings.HasPrefix(file.GetName(), "google/protobuf/") {
		return file
	}
	kept := file.Dependency[:0:0]
	for _, dependency := range file.Dependency {
		if !annotation(dependency) {
			kept = append(kept, dependency)
		}
	}
	file.Dependency = kept
	file.PublicDependency, file.WeakDependency = nil, nil
	dropExtensions(file.ProtoReflect())
	return file
}

func dropExtensions(message protoreflect.Message) {
	var dropped []protoreflect.FieldDescriptor
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsExtension():
			dropped = append(dropped, field)
		case field.IsList() && field.Message() != nil:
			for i := 0; i < value.List().Len(); i++ {
				dropExtensions(value.List().Get(i).Message())
			}
		case field.Message() != nil && !field.IsMap():
			dropExtensions(value.Message())
		}
		return true
	})
	for _, field := range dropped {
		message.Clear(field)
	}
	message.SetUnknown(nil)
}
