// Package queue is the durable queue of jobs and the small state of the bot,
// on JetStream: embedded in the process, or a cluster by URL, through the same
// code. A job is a key, never a payload; adding a key that already waits is
// one job.
package queue

import (
	"context"
	"time"
)

// Options say where the queue lives.
type Options struct {
	// Folder holds the embedded server's data; used where URL is empty.
	Folder string
	// URL is an outside NATS cluster.
	URL string
	// Workers is how many jobs run at once; 0 means 2.
	Workers int
	// AckWait is how long a job may go without a sign of life before another
	// worker takes it; 0 means 30 s. Signs of life are sent by the queue itself.
	AckWait time.Duration
}

// A Queue is a durable queue of keys.
type Queue struct{}

// Open starts or joins the queue. Close it.
func Open(ctx context.Context, options Options) (*Queue, error) { panic("to be written") }

// Add stores a job durably before it returns. A delivery id that was added in
// the last 24 h adds nothing; "" is no delivery. A key that waits already is coalesced.
func (q *Queue) Add(ctx context.Context, key, delivery string) error { panic("to be written") }

// Work runs do for each job until ctx ends, then waits for those running.
// A nil error is done; a [Park] comes back after its time; any other error
// comes back with growing delays, at most ten times, and then lands among the dead.
// Two jobs of one key never run at once.
func (q *Queue) Work(ctx context.Context, do func(ctx context.Context, key string) error) error {
	panic("to be written")
}

// A Park is the error of a job that has to wait, such as for a rate limit. It
// does not count as a try.
type Park struct {
	Until time.Time
	Why   string
}

func (p *Park) Error() string { return "parked until " + p.Until.Format(time.RFC3339) + ": " + p.Why }

// Ready reports whether jobs can be stored now.
func (q *Queue) Ready(ctx context.Context) error { panic("to be written") }

// Load returns the state stored under key, and its revision; nil and 0 where there is none.
func (q *Queue) Load(ctx context.Context, key string) ([]byte, uint64, error) { panic("to be written") }

// Store replaces the state under key where its revision is still the one
// loaded (0: none yet); [ErrStale] else.
func (q *Queue) Store(ctx context.Context, key string, value []byte, revision uint64) error {
	panic("to be written")
}

// Delete removes the state of every key that has the prefix.
func (q *Queue) Delete(ctx context.Context, prefix string) error { panic("to be written") }

// Close ends the connection and the embedded server. It may be called twice.
func (q *Queue) Close() error { panic("to be written") }
