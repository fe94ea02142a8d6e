package main

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// response is what a client needs of a DiscoveryResponse or DeltaDiscoveryResponse to answer it.
type response struct {
	version string
	nonce   string
}

// parseResponse walks the message's fields and leaves the resources alone; version and nonce have the
// same numbers in both messages.
func parseResponse(message []byte) (response, error) {
	var parsed response
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return parsed, fmt.Errorf("failed to parse a response: %w", protowire.ParseError(size))
		}
		message = message[size:]
		size = protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return parsed, fmt.Errorf("failed to parse a response: %w", protowire.ParseError(size))
		}
		if kind == protowire.BytesType && (number == 1 || number == 5) {
			value, _ := protowire.ConsumeBytes(message)
			if number == 1 {
				parsed.version = string(value)
			} else {
				parsed.nonce = string(value)
			}
		}
		message = message[size:]
	}
	return parsed, nil
}

// sotwRequest encodes a DiscoveryRequest; the node goes with the first one of a stream only.
func sotwRequest(node string, names []string, acknowledged response) []byte {
	var out []byte
	out = appendString(out, 1, acknowledged.version)
	out = appendNode(out, 2, node)
	for _, name := range names {
		out = appendString(out, 3, name)
	}
	out = appendString(out, 4, endpointType)
	return appendString(out, 5, acknowledged.nonce)
}

// deltaRequest encodes a DeltaDiscoveryRequest.
func deltaRequest(node string, subscribe []string, nonce string) []byte {
	var out []byte
	out = appendNode(out, 1, node)
	out = appendString(out, 2, endpointType)
	for _, name := range subscribe {
		out = appendString(out, 3, name)
	}
	return appendString(out, 6, nonce)
}

func appendNode(out []byte, field protowire.Number, id string) []byte {
	if id == "" {
		return out
	}
	return appendString(out, field, string(appendString(nil, 1, id)))
}

func appendString(out []byte, field protowire.Number, value string) []byte {
	if value == "" {
		return out
	}
	out = protowire.AppendTag(out, field, protowire.BytesType)
	return protowire.AppendString(out, value)
}
