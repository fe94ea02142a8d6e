package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// process is the server, seen from outside (Linux).
type process int

// cpuTime is what all its threads have run since it began, read from the kernel's clock of that process.
func (p process) cpuTime() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(^int32(p)<<3|2, &now); err != nil {
		return 0, fmt.Errorf("failed to read the CPU time of process %d: %w", p, err)
	}
	return time.Duration(now.Nano()), nil
}

func (p process) residentBytes() (int64, error) { return p.status("VmRSS:") }

// peakBytes is the most resident memory that it ever had.
func (p process) peakBytes() (int64, error) { return p.status("VmHWM:") }

func (p process) status(name string) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib * 1024, err
		}
	}
	return 0, fmt.Errorf("process %d has no %s", p, name)
}
