package worker

import "time"

// Limit sets what one call of the pool may cost, zero for what it is: for
// tests that cannot wait for the real limits.
func (p *Pool) Limit(d time.Duration, answer, memory int64) {
	if d > 0 {
		p.limits.time = d
	}
	if answer > 0 {
		p.limits.answer = answer
	}
	if memory > 0 {
		p.limits.memory = memory
	}
}

// Alone leaves the pool one worker, so that calls follow each other in it.
func (p *Pool) Alone() {
	for range p.size - 1 {
		<-p.free
	}
	p.size = 1
}

// Process is the id of the pool's only worker, which is idle; 0 without one.
func (p *Pool) Process() int {
	w := <-p.free
	defer func() { p.free <- w }()
	if w == nil {
		return 0
	}
	return w.cmd.Process.Pid
}

// Fetch is what a worker has for its transport.
var Fetch = noNetwork{}.RoundTrip

// Last is the line of what a worker said that tells why it ended.
func Last(said string) string {
	var w words
	w.Write([]byte(said))
	return w.last()
}
