package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// process is the server, seen from outside (Linux).
type process int

// cpu is the CPU time of all its threads since it began, read from the kernel's clock of that process.
func (p process) cpu() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(^int32(p)<<3|2, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

func (p process) residentBytes() int {
	var size, resident int
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", int(p)))
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
		return 0
	}
	return resident * os.Getpagesize()
}

// waitQuiet returns once the server is idle, so that what follows a publish (acknowledgements) is
// counted with it, and does not delay the next one. It gives up after a few seconds.
func (p process) waitQuiet() {
	const step = 25 * time.Millisecond
	last, quiet := p.cpu(), 0
	for range 200 {
		time.Sleep(step)
		now := p.cpu()
		if now-last < step/20 {
			quiet++
		} else {
			quiet = 0
		}
		if quiet == 2 {
			return
		}
		last = now
	}
}
