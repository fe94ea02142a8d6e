package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// transaction is the body of `PUT /resources`: changes that belong together.
type transaction struct {
	Set []struct {
		resourceKey
		// Body is the serialized message (base64 in JSON).
		Body []byte `json:"body"`
	} `json:"set"`
	Remove []resourceKey `json:"remove"`
}

type resourceKey struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// resetOptions is the body of `POST /reset`.
type resetOptions struct {
	NodeID string `json:"nodeId"`
}

func controlHandler(server *xdsServer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /resources", func(w http.ResponseWriter, r *http.Request) {
		var change transaction
		if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, server.apply(change))
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		var options resetOptions
		if err := json.NewDecoder(r.Body).Decode(&options); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if options.NodeID != "" {
			http.Error(w, "no restriction to a node", http.StatusNotImplemented)
			return
		}
		answer(w, server.reset())
	})
	return mux
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// decodeResource parses a serialized message of the type that its type URL names.
func decodeResource(typeURL string, body []byte) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByURL(typeURL)
	if err != nil {
		return nil, fmt.Errorf("unknown type %s: %w", protoreflect.FullName(typeURL), err)
	}
	message := kind.New().Interface()
	if err := proto.Unmarshal(body, message); err != nil {
		return nil, fmt.Errorf("failed to decode a %s: %w", typeURL, err)
	}
	return message, nil
}
