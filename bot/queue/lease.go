package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errLostLease is why a job is cancelled whose lease somebody else may have.
var errLostLease = errors.New("the lease is lost")

// A run is a job that runs in this process.
type run struct {
	key      string
	sequence uint64 // of its message
	lease    uint64 // revision of its lease
	// next is the newest job of the key that was turned away during the run,
	// nextSequence its message; 0 is none.
	next         job
	nextSequence uint64
}

// begin takes the lease of a key for a message. It returns nil where the key
// is running, here or elsewhere, and where the lease cannot be asked for.
func (q *Queue) begin(ctx context.Context, j job, sequence uint64) (*run, error) {
	key := j.Key
	r := &run{key: key, sequence: sequence}
	q.mu.Lock()
	if here := q.running[key]; here != nil {
		if sequence > max(here.sequence, here.nextSequence) { // else it is the running message itself, late
			here.next, here.nextSequence = j, sequence
		}
		q.mu.Unlock()
		return nil, nil
	}
	q.running[key] = r
	q.mu.Unlock()

	var err error
	r.lease, err = q.leases.Create(ctx, token(key), nil)
	if err == nil {
		return r, nil
	}
	q.mu.Lock()
	delete(q.running, key)
	q.mu.Unlock()
	if errors.Is(err, jetstream.ErrKeyExists) {
		return nil, nil
	}
	return nil, err
}

// end gives the lease back and wakes the message that was turned away, which
// else would wait for its time.
func (q *Queue) end(r *run) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	err := q.leases.Delete(ctx, token(r.key), jetstream.LastRevision(r.lease))
	if err != nil && !isStale(err) {
		q.options.Log.Error("giving a lease back", "job", r.key, "error", err)
	}
	q.mu.Lock()
	delete(q.running, r.key)
	q.mu.Unlock()
	if r.nextSequence == 0 {
		return
	}
	if err := q.replace(ctx, r.nextSequence, r.next); err != nil {
		q.options.Log.Error("waking a job", "job", r.key, "error", err)
	}
}

// beat renews the lease and tells the server that the message is worked on,
// until ctx ends. When the lease cannot be renewed it stops the job.
func (q *Queue) beat(ctx context.Context, stop context.CancelCauseFunc, r *run, message jetstream.Msg) {
	tick := time.NewTicker(q.options.AckWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		renew, cancel := context.WithTimeout(ctx, q.options.AckWait/3)
		revision, err := q.leases.Update(renew, token(r.key), nil, r.lease)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			stop(fmt.Errorf("%w: %w", errLostLease, err))
			return
		}
		r.lease = revision
		if err := message.InProgress(); err != nil {
			q.options.Log.Error("keeping a job", "job", r.key, "error", err)
		}
	}
}
