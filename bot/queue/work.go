package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	mostTries  = 10
	longestGap = 30 * time.Minute
)

// A Park is the error of a job that has to wait, such as for a rate limit. It
// does not count as a try.
type Park struct {
	Until time.Time
	Why   string
}

func (p *Park) Error() string { return "parked until " + p.Until.Format(time.RFC3339) + ": " + p.Why }

// errGivenBack is why a job is cancelled that did not end in time.
var errGivenBack = errors.New("the process ends; the job is given back")

// deliveryKey is where a job's delivery is in its context.
type deliveryKey struct{}

// Delivery returns the id of the last delivery that asked for the job which
// runs with ctx, "" where none did.
func Delivery(ctx context.Context) string {
	id, _ := ctx.Value(deliveryKey{}).(string)
	return id
}

// Work runs do for each job until ctx ends, then waits for those running: they
// have Options.Grace to end by themselves, then their context is cancelled and
// they are given back. A nil error is done; a [Park] comes back after its
// time; any other error, and a panic, comes back with growing delays, and
// after the tenth lands among the [Dead]. Two jobs of one key never run at
// once, over all processes that work on the queue. The error of Work is of its
// start only.
func (q *Queue) Work(ctx context.Context, do func(ctx context.Context, key string) error) error {
	consumer, err := q.jobs.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: workConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.options.AckWait,
		MaxDeliver:    -1, // tries are counted in the job: not each delivery is one
		MaxAckPending: -1, // or jobs that wait for their time would hold up the rest
		Replicas:      q.options.Replicas,
	})
	if err != nil {
		return fmt.Errorf("starting to work: %w", err)
	}
	jobs, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var workers sync.WaitGroup
	for range q.options.Workers {
		workers.Go(func() {
			for ctx.Err() == nil {
				q.next(ctx, jobs, consumer, do)
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		workers.Wait()
		close(ended)
	}()
	<-ctx.Done()
	select {
	case <-ended:
	case <-time.After(q.options.Grace):
		cancel(errGivenBack)
		<-ended
	}
	return nil
}

// next waits for a message and does what it says.
func (q *Queue) next(ctx, jobs context.Context, consumer jetstream.Consumer, do func(context.Context, string) error) {
	batch, err := consumer.Fetch(1, jetstream.FetchContext(ctx))
	if err == nil {
		for message := range batch.Messages() {
			q.take(jobs, message, do)
		}
		err = batch.Error()
	}
	if err == nil || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, jetstream.ErrNoMessages) {
		return
	}
	q.options.Log.Error("asking for jobs", "error", err)
	select { // the server is away; it is asked again soon
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// take runs the job of one message and settles it.
func (q *Queue) take(ctx context.Context, message jetstream.Msg, do func(context.Context, string) error) {
	var j job
	meta, err := message.Metadata()
	if err == nil {
		err = json.Unmarshal(message.Data(), &j)
	}
	if err != nil {
		q.options.Log.Error("reading a job", "subject", message.Subject(), "error", errors.Join(err, message.Term()))
		return
	}
	if wait := time.Until(j.NotBefore); wait > 0 {
		q.giveBack(message, wait)
		return
	}
	r, err := q.begin(ctx, j, meta.Sequence.Stream)
	if err != nil {
		q.options.Log.Error("taking a lease", "job", j.Key, "error", err)
	}
	if r == nil {
		q.giveBack(message, q.options.AckWait/10)
		return
	}
	defer q.end(r)
	jobContext, stop := context.WithCancelCause(context.WithValue(ctx, deliveryKey{}, j.Delivery))
	beats := make(chan struct{})
	go func() {
		defer close(beats)
		q.beat(jobContext, stop, r, message)
	}()
	err = attempt(jobContext, j.Key, do)
	cause := context.Cause(jobContext)
	stop(nil)
	<-beats
	if err != nil && cause != nil {
		err = cause
	}
	if err := q.settle(ctx, message, r, j, err); err != nil {
		// The message is given to somebody again after AckWait.
		q.options.Log.Error("settling a job", "job", j.Key, "error", err)
	}
}

// attempt turns a panic into an error: one job must not end the others, and
// would end them again at each start.
func attempt(ctx context.Context, key string, do func(context.Context, string) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do(ctx, key)
}

// settle makes of the message what the run's end says.
func (q *Queue) settle(ctx context.Context, message jetstream.Msg, r *run, j job, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	var park *Park
	switch {
	case err == nil:
		return q.tell(ctx, message.Ack())
	case errors.Is(err, errGivenBack), errors.Is(err, errLostLease):
		return q.tell(ctx, message.Nak())
	case errors.As(err, &park):
		j.NotBefore = park.Until
		return q.replace(ctx, r.sequence, j)
	}
	j.Tries++
	if j.Tries >= mostTries {
		q.options.Log.Error("giving a job up", "job", j.Key, "tries", j.Tries, "error", err)
		if err := q.bury(ctx, j.Key, err); err != nil {
			return err
		}
		return q.tell(ctx, message.Ack())
	}
	j.NotBefore = time.Now().Add(min(q.options.FirstRetry<<(j.Tries-1), longestGap))
	return q.replace(ctx, r.sequence, j)
}

// tell waits until the server has read what err is the error of sending. It
// waits for no answer: about a message that was replaced meanwhile there is none.
func (q *Queue) tell(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return q.conn.FlushWithContext(ctx)
}

func (q *Queue) giveBack(message jetstream.Msg, wait time.Duration) {
	if err := message.NakWithDelay(wait); err != nil {
		q.options.Log.Error("giving a job back", "subject", message.Subject(), "error", err)
	}
}
