package worker

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
)

const (
	// watchInterval is how often the parent looks at a worker's resident size.
	// An alias bomb grows by about 400 MB a second.
	watchInterval = 200 * time.Millisecond
)

// withoutNamespaces is set once the kernel has refused to make any.
var withoutNamespaces atomic.Bool

// namespaces are those that a worker starts in: a network of its own, in which
// there is nothing. Only root may make one as it is; others make themselves
// users of their own before. Nil where the kernel refuses.
func namespaces() *syscall.SysProcAttr {
	if withoutNamespaces.Load() {
		return nil
	}
	if os.Geteuid() == 0 {
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	}
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
}

// confine takes from the process what a stranger's bytes could abuse: memory
// beyond so many bytes, files beyond paths, and the network. Landlock takes
// what the kernel supports and leaves the rest.
func confine(memory int64, paths []string) error {
	// From half of it on, the garbage collector works harder.
	debug.SetMemoryLimit(memory / 2)
	// RLIMIT_AS would kill a Go process for the addresses it reserves. The race
	// detector maps its shadow as data, so there only the parent's watch counts.
	if !raceEnabled {
		limit := syscall.Rlimit{Cur: uint64(memory), Max: uint64(memory)}
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
			if resident(w.cmd.Process.Pid) > w.limits.Memory {
				fmt.Fprintf(w.stderr, "%s: it used more than %d MB of memory\n", processName, w.limits.Memory>>20)
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
