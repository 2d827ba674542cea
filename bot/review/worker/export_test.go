package worker

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limit sets what one call of the pool may cost, zero for what it is: for
// tests that cannot wait for the real limits.
func (p *Pool) Limit(d time.Duration, answer, memory int64) {
	if d > 0 {
		p.limits.Time = d
	}
	if answer > 0 {
		p.limits.Answer = answer
	}
	if memory > 0 {
		p.limits.Memory = memory
	}
}

// Start lets the pool start another program than this test: one without the
// race detector, whose memory can be limited by the kernel.
func (p *Pool) Start(binary string) { p.binary = binary }

// Alone leaves the pool one worker, so that calls follow each other in it.
func (p *Pool) Alone() {
	for range p.size - 1 {
		<-p.free
	}
	p.size = 1
}

// FindOne is [Pool.Find] of one overlay.
func (p *Pool) FindOne(ctx context.Context, r Find) (answer FindAnswer, err error) {
	all := p.Find(ctx, []Find{r}, func(_ int, a FindAnswer, fault error) { answer, err = a, fault })
	return answer, cmp.Or(all, err)
}

// CheckOne is [Pool.Check] of one overlay.
func (p *Pool) CheckOne(ctx context.Context, r Check) (answer CheckAnswer, err error) {
	all := p.Check(ctx, []Check{r}, func(_ int, a CheckAnswer, fault error) { answer, err = a, fault })
	return answer, cmp.Or(all, err)
}

// Shared are the calls that each of some workers gets, where each takes as long
// as it is expected to.
func Shared(took []time.Duration, workers int) [][]int {
	r := newRuns(took, workers)
	calls, busy := make([][]int, workers), make([]time.Duration, workers)
	for range took {
		free := slices.Index(busy, slices.Min(busy))
		call, _ := r.take(free)
		calls[free], busy[free] = append(calls[free], call), busy[free]+took[call]
	}
	return calls
}

// Process is the id of the pool's only worker, which is idle; 0 without one.
func (p *Pool) Process() int {
	p.resting.Lock()
	defer p.resting.Unlock()
	if len(p.idle) == 0 {
		return 0
	}
	return p.idle[0].cmd.Process.Pid
}

// Fetch is what a worker has for its transport.
var Fetch = noNetwork{}.RoundTrip

// Last is the line of what a worker said that tells why it ended.
func Last(said string) string {
	var w words
	w.Write([]byte(said))
	return w.last()
}

// Peak is the most memory, in bytes, that the pool's only worker has held; 0
// without one.
func (p *Pool) Peak() int64 {
	pid := p.Process()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}

// CPU is the processor's time that the pool's only worker has taken; 0 without
// one.
func (p *Pool) CPU() time.Duration {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(p.Process()) + "/stat")
	if err != nil {
		return 0
	}
	// "pid (name) state …": the 14th and 15th are hundredths of a second.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var sum time.Duration
	for _, field := range fields[11:13] {
		if ticks, err := strconv.Atoi(field); err == nil {
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}

// WithoutNamespaces reports whether the kernel has refused to make any.
func WithoutNamespaces() bool { return withoutNamespaces.Load() }
