package main

import (
	"fmt"

	"google.golang.org/grpc/mem"
)

// rawCodec sends and receives *[]byte as it is.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(value any) (mem.BufferSlice, error) {
	bytes, ok := value.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not *[]byte", value)
	}
	return mem.BufferSlice{mem.SliceBuffer(*bytes)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, value any) error {
	bytes, ok := value.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is not *[]byte", value)
	}
	*bytes = data.Materialize()
	return nil
}
