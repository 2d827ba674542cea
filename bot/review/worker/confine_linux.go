package worker

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
)

const (
	// softMemoryLimit is where the garbage collector begins to work harder.
	softMemoryLimit = 1 << 30
	// watchInterval is how often the parent looks at a worker's resident size.
	// An alias bomb grows by about 400 MB a second.
	watchInterval = 200 * time.Millisecond
)

// confine takes from the process what a stranger's bytes could abuse: memory
// beyond the limit, files beyond paths, and the network. Landlock takes what
// the kernel supports and leaves the rest.
func confine(paths []string) error {
	debug.SetMemoryLimit(softMemoryLimit)
	// RLIMIT_AS would kill a Go process for the addresses it reserves. The race
	// detector maps its shadow as data, so there only the parent's watch counts.
	if !raceEnabled {
		limit := syscall.Rlimit{Cur: memoryLimit, Max: memoryLimit}
		if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
			return fmt.Errorf("limiting the worker's memory: %w", err)
		}
	}
	if err := landlock.V5.BestEffort().RestrictPaths(landlock.RODirs(paths...)); err != nil {
		return fmt.Errorf("confining the worker to %s: %w", strings.Join(paths, ", "), err)
	}
	if err := landlock.V5.BestEffort().RestrictNet(); err != nil {
		return fmt.Errorf("taking the network from the worker: %w", err)
	}
	return nil
}

// watchMemory kills the worker when its resident size passes the limit.
func (w *process) watchMemory() {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-ticker.C:
			if resident(w.cmd.Process.Pid) > w.limits.memory {
				fmt.Fprintf(w.stderr, "%s: it used more than %d MB of memory\n", processName, w.limits.memory>>20)
				w.cmd.Process.Kill()
				return
			}
		}
	}
}

// resident is the resident size of a process in bytes, 0 where it is gone.
func resident(pid int) int64 {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
