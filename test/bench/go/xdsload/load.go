package main

import (
	"fmt"
	"sync"
	"time"
)

// load is all connections of a run, and where their receipts are counted.
type load struct {
	plan *plan

	mu       sync.Mutex
	bytes    int
	messages int
	want     int
	receipts []time.Time
	done     chan struct{}
	failed   chan error
}

func newLoad(plan *plan) *load {
	return &load{plan: plan, failed: make(chan error, 1)}
}

// connect opens every connection and stream, and returns when each has had its first response.
func (l *load) connect() error {
	l.expect(l.plan.connections * l.plan.streamsPerConn)
	start := time.Now()
	slots := make(chan struct{}, 64)
	for i := range l.plan.connections {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			if err := open(l, fmt.Sprintf("node-%d", i)); err != nil {
				l.fail(err)
			}
		}()
	}
	_, err := l.wait(start, l.plan.deadline)
	return err
}

// expect says how many responses the next wait is for.
func (l *load) expect(count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.want, l.receipts, l.done = count, make([]time.Time, 0, count), make(chan struct{})
}

func (l *load) receive(at time.Time, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += size
	l.messages++
	if len(l.receipts) == l.want {
		return
	}
	l.receipts = append(l.receipts, at)
	if len(l.receipts) == l.want {
		close(l.done)
	}
}

// wait returns how long after start each expected response came.
func (l *load) wait(start time.Time, deadline time.Duration) ([]time.Duration, error) {
	select {
	case <-l.done:
	case err := <-l.failed:
		return nil, err
	case <-time.After(deadline):
		l.mu.Lock()
		defer l.mu.Unlock()
		return nil, fmt.Errorf("only %d of %d responses came within %s", len(l.receipts), l.want, deadline)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	latencies := make([]time.Duration, len(l.receipts))
	for i, at := range l.receipts {
		latencies[i] = at.Sub(start)
	}
	return latencies, nil
}

func (l *load) received() (bytes, messages int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes, l.messages
}

func (l *load) fail(err error) {
	select {
	case l.failed <- err:
	default:
	}
}
