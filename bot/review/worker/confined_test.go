package worker_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/review/worker"
)

// The limits of the hostile trees: much less than those of real work. Those that
// take all of the time end soon; of the others the processor's time counts, and
// the clock's, which stands for how busy the machine is, is let go.
const (
	hostileTime   = 5 * time.Second
	hostileCPU    = 3 * time.Second
	patientTime   = 2 * time.Minute
	hostileMemory = 512 << 20
)

// TestHostileTrees gives one worker after the other of a pool what strangers
// could write. Each tree ends within the limits with the answer that it names;
// nothing is dialled or run for it, and the next overlay builds as before.
func TestHostileTrees(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the limits are those of Linux")
	}
	dialled, listener := listen(t)
	ran := stubs(t)
	cases := readHostile(t, listener)
	innocent := small(t)
	trees := []worker.TreeRef{innocent}
	for i := range cases {
		trees = append(trees, cases[i].write(t))
	}
	binary := plainWorker(t)
	open := func(limit time.Duration) *worker.Pool {
		pool := worker.NewPool(worker.Limits{Time: limit, Memory: hostileMemory}, trees...)
		pool.Alone()
		pool.Start(binary)
		t.Cleanup(pool.Close)
		return pool
	}
	hasty, patient := open(hostileTime), open(patientTime)
	before := builds(t, patient, innocent)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pool := patient
			if c.ends != "" {
				pool = hasty
			}
			start := pool.CPU()
			c.check(t, pool, trees[i+1])
			if took := pool.CPU() - start; took > hostileCPU {
				t.Errorf("it took %s of the processor's time", took)
			}
			if peak := pool.Peak(); peak > hostileMemory {
				t.Errorf("the worker took %d MB", peak>>20)
			}
			if after := builds(t, pool, innocent); after != before {
				t.Errorf("the next overlay builds to\n%s\nand before\n%s", after, before)
			}
		})
	}
	hasty.Close()
	patient.Close()
	if n := dialled.Load(); n > 0 {
		t.Errorf("%d connections came in", n)
	}
	if text, err := os.ReadFile(ran); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("programs ran: %s, %v", text, err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("processes go on: %v", left)
	}
}

// builds is what the overlay of a tree builds to, as text.
func builds(t *testing.T, pool *worker.Pool, tree worker.TreeRef) string {
	t.Helper()
	answer, err := pool.Explain(t.Context(), worker.Explain{Tree: tree, Overlay: "."})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, line := range answer.Lines {
		out.WriteString(line.Text + "\n")
	}
	if answer.Broken != nil || out.Len() == 0 {
		t.Errorf("the next overlay does not build: %v", answer.Broken)
	}
	return out.String()
}

// listen counts the connections to an address of this machine.
func listen(t *testing.T) (dialled *atomic.Int64, address string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dialled = &atomic.Int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return dialled, l.Addr().String()
}

// stubs puts programs on the PATH that note when they are run, in the file
// that it returns.
func stubs(t *testing.T) (ran string) {
	t.Helper()
	dir := t.TempDir()
	ran = filepath.Join(dir, "ran")
	for _, name := range []string{"git", "helm", "docker", "run.sh"} {
		script := fmt.Sprintf("#!/bin/sh\necho %s >> %s\n", name, ran)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return ran
}

// plainWorker builds the command without the race detector, whose shadow of
// the memory would count against the limit.
func plainWorker(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "kustodian")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "github.com/kustodian/kustodian/cmd/kustodian")
	build.Env = append(os.Environ(), "PATH="+withoutStubs(os.Getenv("PATH")))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building a worker: %v\n%s", err, out)
	}
	return binary
}

// withoutStubs is the PATH as it was before [stubs].
func withoutStubs(path string) string {
	_, rest, _ := strings.Cut(path, string(os.PathListSeparator))
	return rest
}

// children are the processes that this one has started and not ended.
func children(t *testing.T) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it ended meanwhile
		}
		// "pid (name) state parent …"
		_, after, _ := bytes.Cut(text, []byte(") "))
		if fields := strings.Fields(string(after)); len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			left = append(left, string(text))
		}
	}
	return left
}

// TestNetwork lets a worker be in a network of its own where the kernel has them.
func TestNetwork(t *testing.T) {
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Skip("no networks of processes here")
	}
	tree := small(t)
	pool := alone(t, tree)
	works(t, pool, tree)
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pool.Process()))
	if err != nil {
		t.Fatal(err)
	}
	if theirs == own && !worker.WithoutNamespaces() {
		t.Error("the worker shares the network of its parent")
	}
	if theirs == own {
		t.Skip("the kernel lets nobody have a network of their own")
	}
}
