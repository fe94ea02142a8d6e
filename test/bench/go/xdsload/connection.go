package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	receiveWindow = 1 << 30
	defaultWindow = 65535
	frameLimit    = 16384
	readBuffer    = 4096
)

// connection is one HTTP/2 connection with its discovery streams, read by one goroutine, which also
// acknowledges. It sends so little that it never has to wait for the server's flow control; that it
// does not is checked.
type connection struct {
	load    *load
	socket  net.Conn
	framer  *http2.Framer
	out     bytes.Buffer
	streams map[uint32]*stream
	window  int
	unread  int
	// initialWindow is what the server said that a new stream may be sent.
	initialWindow int
}

// stream is one gRPC call: its subscription, and the message that is being received.
type stream struct {
	names  []string
	buffer []byte
	window int
}

// open connects, starts the plan's streams and reads until the connection ends.
func open(load *load, node string) error {
	socket, err := net.DialTimeout("tcp", load.plan.target, load.plan.deadline)
	if err != nil {
		return fmt.Errorf("failed to connect: %w", err)
	}
	c := &connection{load: load, socket: socket, streams: map[uint32]*stream{}, window: defaultWindow, initialWindow: defaultWindow}
	c.framer = http2.NewFramer(&c.out, bufio.NewReaderSize(socket, readBuffer))
	c.framer.SetReuseFrames()
	if err := c.start(node); err != nil {
		return fmt.Errorf("failed to start streams: %w", err)
	}
	go func() {
		if err := c.read(); err != nil {
			load.fail(err)
		}
	}()
	return nil
}

func (c *connection) start(node string) error {
	c.out.WriteString(http2.ClientPreface)
	if err := c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: receiveWindow}); err != nil {
		return err
	}
	if err := c.framer.WriteWindowUpdate(0, receiveWindow); err != nil {
		return err
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := range c.load.plan.streamsPerConn {
		id := uint32(2*i + 1)
		names := c.load.plan.subscription(i)
		c.streams[id] = &stream{names: names, window: defaultWindow}
		block.Reset()
		for _, field := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":path", c.load.plan.path}, {":authority", c.load.plan.target},
			{"content-type", "application/grpc"}, {"te", "trailers"},
		} {
			if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
				return err
			}
		}
		header := http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true}
		if err := c.framer.WriteHeaders(header); err != nil {
			return err
		}
		if err := c.request(id, c.first(node, names)); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *connection) first(node string, names []string) []byte {
	if c.load.plan.delta {
		return deltaRequest(node, names, "")
	}
	return sotwRequest(node, names, response{})
}

func (c *connection) request(id uint32, message []byte) error {
	framed := make([]byte, 5, 5+len(message))
	binary.BigEndian.PutUint32(framed[1:], uint32(len(message)))
	framed = append(framed, message...)
	stream := c.streams[id]
	stream.window -= len(framed)
	c.window -= len(framed)
	if stream.window < 0 || c.window < 0 {
		return fmt.Errorf("the server gives no window for requests")
	}
	for len(framed) > 0 {
		size := min(len(framed), frameLimit)
		if err := c.framer.WriteData(id, false, framed[:size]); err != nil {
			return err
		}
		framed = framed[size:]
	}
	return nil
}

func (c *connection) flush() error {
	_, err := c.out.WriteTo(c.socket)
	return err
}

func (c *connection) read() error {
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return fmt.Errorf("connection ended: %w", err)
		}
		if err := c.handle(frame); err != nil {
			return err
		}
		if c.out.Len() > 0 {
			if err := c.flush(); err != nil {
				return fmt.Errorf("connection ended: %w", err)
			}
		}
	}
}

func (c *connection) handle(frame http2.Frame) error {
	switch frame := frame.(type) {
	case *http2.DataFrame:
		return c.data(frame.StreamID, frame.Data())
	case *http2.SettingsFrame:
		if frame.IsAck() {
			return nil
		}
		if size, ok := frame.Value(http2.SettingInitialWindowSize); ok {
			for _, stream := range c.streams {
				stream.window += int(size) - c.initialWindow
			}
			c.initialWindow = int(size)
		}
		return c.framer.WriteSettingsAck()
	case *http2.PingFrame:
		if !frame.IsAck() {
			return c.framer.WritePing(true, frame.Data)
		}
	case *http2.WindowUpdateFrame:
		if frame.StreamID == 0 {
			c.window += int(frame.Increment)
		} else {
			c.streams[frame.StreamID].window += int(frame.Increment)
		}
	case *http2.HeadersFrame:
		if frame.StreamEnded() {
			return fmt.Errorf("the server ended a stream")
		}
	case *http2.RSTStreamFrame:
		return fmt.Errorf("the server reset a stream: %s", frame.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Errorf("the server goes away: %s", frame.ErrCode)
	}
	return nil
}

func (c *connection) data(id uint32, chunk []byte) error {
	stream := c.streams[id]
	stream.buffer = append(stream.buffer, chunk...)
	c.unread += len(chunk)
	if c.unread > receiveWindow/4 {
		if err := c.framer.WriteWindowUpdate(0, uint32(c.unread)); err != nil {
			return err
		}
		c.unread = 0
	}
	for len(stream.buffer) >= 5 {
		size := 5 + int(binary.BigEndian.Uint32(stream.buffer[1:]))
		if len(stream.buffer) < size {
			return nil
		}
		c.load.receive(time.Now(), size)
		parsed, err := parseResponse(stream.buffer[5:size])
		if err != nil {
			return err
		}
		stream.buffer = append(stream.buffer[:0], stream.buffer[size:]...)
		if err := c.request(id, c.acknowledge(stream.names, parsed)); err != nil {
			return err
		}
	}
	return nil
}

func (c *connection) acknowledge(names []string, received response) []byte {
	if c.load.plan.delta {
		return deltaRequest("", nil, received.nonce)
	}
	return sotwRequest("", names, received)
}
