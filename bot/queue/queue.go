// Package queue is the durable queue of jobs and the small state of the bot,
// on JetStream: embedded in the process, or a cluster by URL, through the same
// code. A job is a key, never a payload; adding a key that already waits is
// one job.
//
// # How a job lives
//
// Each key has a subject of its own in one stream, and the stream keeps one
// message per subject: the newest. That message is the whole job, with its
// tries and the time before which it is not to run. So:
//
//   - Adding a key that waits replaces its message: one job, run at once even
//     where the old one was waiting after a fault, its tries forgotten.
//   - Adding a key that is running replaces the message that is running: the
//     run's end then finds nothing to delete, and the new message is run after
//     it. Whatever was added last is deleted only by a run that began later.
//   - A run that ends with a fault, or parks, replaces its own message by one
//     with a later time, unless a newer one is there: then that one counts.
//   - A process that dies leaves the message where it was; after AckWait
//     somebody else is given it.
//
// That two runs of one key never overlap is held by a lease, a key in a bucket
// whose entries expire after AckWait; a run renews it. A message that meets a
// lease goes back for a moment, and is woken when the run in this process ends.
// The lease is in memory: an embedded server that starts again has none.
package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where the queue lives. The zero value of a field is its default.
type Options struct {
	// Folder holds the embedded server's data; used where URL is empty. One
	// process uses it at a time.
	Folder string
	// URL is an outside NATS cluster.
	URL string
	// Credentials is the file of the user's credentials for URL; "" is none.
	Credentials string
	// Replicas is how many servers of the cluster keep each message; 0 means 1.
	Replicas int
	// Workers is how many jobs run at once; 0 means 2.
	Workers int
	// AckWait is how long a job may go without a sign of life before another
	// worker takes it; 0 means 30 s. Signs of life are sent by the queue itself.
	AckWait time.Duration
	// FirstRetry is the delay after a job's first fault, doubled with each
	// further one up to half an hour; 0 means 10 s.
	FirstRetry time.Duration
	// Grace is how long jobs may go on when Work is told to end, before they
	// are cancelled and given back; 0 means 20 s.
	Grace time.Duration
	// Log takes what goes wrong where no caller waits; nil means slog.Default.
	Log *slog.Logger
}

// The names of what is kept in JetStream.
const (
	jobsStream    = "kustodian-jobs"
	jobSubject    = "kustodian.job."
	deadStream    = "kustodian-dead"
	deadSubject   = "kustodian.dead."
	stateBucket   = "kustodian-state"
	leaseBucket   = "kustodian-running"
	workConsumer  = "workers"
	dedupeWindow  = 24 * time.Hour
	keepDead      = 30 * 24 * time.Hour
	answerTimeout = 5 * time.Second // for what a run has to say at its end
)

// A Queue is a durable queue of keys. Its methods may be called at once.
type Queue struct {
	options Options
	server  *embedded // nil outside
	conn    *nats.Conn
	stream  jetstream.JetStream
	jobs    jetstream.Stream
	state   jetstream.KeyValue
	leases  jetstream.KeyValue

	closeServer sync.Once
	closed      error

	mu      sync.Mutex
	running map[string]*run // by key
}

// Open starts or joins the queue. Close it. The error says which server, or
// which of its streams, cannot be had.
func Open(ctx context.Context, options Options) (*Queue, error) {
	setDefaults(&options)
	q := &Queue{options: options, running: map[string]*run{}}
	if err := q.connect(); err != nil {
		return nil, err
	}
	if err := q.prepare(ctx); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

func setDefaults(o *Options) {
	o.Replicas = cmp.Or(o.Replicas, 1)
	o.Workers = cmp.Or(o.Workers, 2)
	o.AckWait = cmp.Or(o.AckWait, 30*time.Second)
	o.FirstRetry = cmp.Or(o.FirstRetry, 10*time.Second)
	o.Grace = cmp.Or(o.Grace, 20*time.Second)
	o.Log = cmp.Or(o.Log, slog.Default())
}

func (q *Queue) connect() error {
	options := []nats.Option{
		nats.Name("kustodian"),
		nats.MaxReconnects(-1),
		// Nothing is buffered while the server is away: who adds a job has to
		// learn at once that it is not stored.
		nats.ReconnectBufSize(-1),
	}
	if q.options.Credentials != "" {
		options = append(options, nats.UserCredentials(q.options.Credentials))
	}
	if q.options.URL == "" {
		var err error
		if q.server, err = startServer(q.options.Folder); err != nil {
			return err
		}
		options = append(options, nats.InProcessServer(q.server))
	}
	var err error
	if q.conn, err = nats.Connect(q.options.URL, options...); err != nil {
		return errors.Join(fmt.Errorf("connecting to NATS: %w", err), q.Close())
	}
	return nil
}

// prepare makes the streams and buckets, or brings them up to date.
func (q *Queue) prepare(ctx context.Context) error {
	var err error
	if q.stream, err = jetstream.New(q.conn); err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	q.jobs, err = q.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: jobsStream, Subjects: []string{jobSubject + ">"}, Replicas: q.options.Replicas,
		Retention: jetstream.WorkQueuePolicy, MaxMsgsPerSubject: 1, Discard: jetstream.DiscardOld,
		Duplicates: dedupeWindow,
	})
	if err != nil {
		return fmt.Errorf("opening stream %s: %w", jobsStream, err)
	}
	_, err = q.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: deadStream, Subjects: []string{deadSubject + ">"}, Replicas: q.options.Replicas,
		MaxMsgsPerSubject: 1, MaxAge: keepDead,
	})
	if err != nil {
		return fmt.Errorf("opening stream %s: %w", deadStream, err)
	}
	q.state, err = q.stream.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: stateBucket, Replicas: q.options.Replicas})
	if err != nil {
		return fmt.Errorf("opening bucket %s: %w", stateBucket, err)
	}
	q.leases, err = q.stream.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: leaseBucket, Replicas: q.options.Replicas, TTL: q.options.AckWait, Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		return fmt.Errorf("opening bucket %s: %w", leaseBucket, err)
	}
	return nil
}

// Ready reports whether jobs can be stored now.
func (q *Queue) Ready(ctx context.Context) error {
	if _, err := q.jobs.Info(ctx); err != nil {
		return fmt.Errorf("asking the queue: %w", err)
	}
	return nil
}

// Depth returns how many jobs wait or run.
func (q *Queue) Depth(ctx context.Context) (int, error) {
	info, err := q.jobs.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("asking the queue: %w", err)
	}
	return int(info.State.Msgs), nil
}

// Close ends the connection and the embedded server. It may be called twice.
func (q *Queue) Close() error {
	if q.conn != nil {
		q.conn.Close()
	}
	if q.server == nil {
		return nil
	}
	q.closeServer.Do(func() { q.closed = q.server.close() })
	return q.closed
}
