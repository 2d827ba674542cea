package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// A cost is what a mode took. The zero cost is none that was measured.
type cost struct {
	wall, cpu float64 // seconds
	memory    int64   // bytes that its processes held together, at most
}

// least is the lesser of each figure.
func (c cost) least(other cost) cost {
	if c == (cost{}) {
		return other
	}
	return cost{min(c.wall, other.wall), min(c.cpu, other.cpu), min(c.memory, other.memory)}
}

// then is the cost of one after the other.
func (c cost) then(other cost) cost {
	return cost{c.wall + other.wall, c.cpu + other.cpu, max(c.memory, other.memory)}
}

// failed reports whether a process ended with a failure of its own.
func failed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.Exited()
}

// once runs a process that has no others to its end and says what it took.
func once(command *exec.Cmd) (cost, error) {
	start := time.Now()
	err := command.Run()
	c := cost{wall: time.Since(start).Seconds()}
	if err != nil && !failed(err) {
		return c, fmt.Errorf("running %s: %w", command.Path, err)
	}
	c.cpu, c.memory = used(command.ProcessState)
	return c, nil
}

// used is the processor time of a process that has ended, with that of those
// it waited for, and the most memory that one of them held.
func used(state *os.ProcessState) (cpu float64, memory int64) {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		memory = usage.Maxrss << 10
	}
	return (state.UserTime() + state.SystemTime()).Seconds(), memory
}

// measured runs a process to its end and says what it and its own processes
// took. It looks at their memory again and again, which costs short ones dear.
func measured(ctx context.Context, command *exec.Cmd, input io.Reader) (cost, error) {
	var said strings.Builder
	command.Stdin, command.Stderr = input, &said
	start := time.Now()
	if err := command.Start(); err != nil {
		return cost{}, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	watching, stop := context.WithCancel(ctx)
	peak := make(chan int64)
	go func() { peak <- watchMemory(watching, command.Process.Pid) }()
	err := command.Wait()
	c := cost{wall: time.Since(start).Seconds()}
	stop()
	together := <-peak
	c.cpu, c.memory = used(command.ProcessState)
	c.memory = max(c.memory, together)
	if err != nil {
		return c, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return c, nil
}

// together runs parts at once: the wall is the longest's, the rest adds up.
func together(parts [][]string, run func([]string) (cost, error)) (cost, error) {
	costs := make([]cost, len(parts))
	var group errgroup.Group
	for i, part := range parts {
		group.Go(func() (err error) {
			costs[i], err = run(part)
			return err
		})
	}
	err := group.Wait()
	var sum cost
	for _, c := range costs {
		sum = cost{max(sum.wall, c.wall), sum.cpu + c.cpu, sum.memory + c.memory}
	}
	return sum, err
}

// memoryInterval is how often the memory of processes is looked at.
const memoryInterval = 10 * time.Millisecond

// watchMemory returns the most that a process and its children held together,
// until ctx is done. It is 0 where the system does not show it.
func watchMemory(ctx context.Context, pid int) int64 {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	var most int64
	for {
		select {
		case <-ctx.Done():
			return most
		case <-ticker.C:
			held := resident(pid)
			for _, child := range children(pid) {
				held += resident(child)
			}
			most = max(most, held)
		}
	}
}

// resident is the memory of a process that is its own: what it shares with
// others is counted in parts.
func resident(pid int) int64 {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0 // it has ended
	}
	for line := range strings.Lines(string(rollup)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Pss:" {
			if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	return 0
}

// children are the processes that a process has started.
func children(pid int) []int {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
