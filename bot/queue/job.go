package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A job is what a message of the stream says.
type job struct {
	Key string `json:"key"`
	// Delivery is the last one that asked for it.
	Delivery string `json:"delivery,omitempty"`
	// Tries is how many runs ended with a fault.
	Tries int `json:"tries,omitempty"`
	// NotBefore is when it may run; zero is at once.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// Add stores a job durably before it returns. A delivery id that was added in
// the last 24 h adds nothing; "" is no delivery. A key that waits already is coalesced.
func (q *Queue) Add(ctx context.Context, key, delivery string) error {
	if key == "" {
		return errors.New("adding a job: the key is empty")
	}
	var options []jetstream.PublishOpt
	if delivery != "" {
		options = append(options, jetstream.WithMsgID(delivery))
	}
	if err := q.publish(ctx, job{Key: key, Delivery: delivery}, options...); err != nil {
		return fmt.Errorf("adding job %s: %w", key, err)
	}
	return nil
}

// publish stores j in place of what its key has.
func (q *Queue) publish(ctx context.Context, j job, options ...jetstream.PublishOpt) error {
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = q.stream.Publish(ctx, jobSubject+token(j.Key), data, options...)
	return err
}

// replace stores j in place of the message with a sequence number. Where that
// is gone or has been replaced already, nothing happens.
func (q *Queue) replace(ctx context.Context, sequence uint64, j job) error {
	err := q.publish(ctx, j, jetstream.WithExpectLastSequencePerSubject(sequence))
	if isStale(err) {
		return nil
	}
	return err
}

// isStale reports whether a write lost against another: one server and a
// cluster say so with different codes.
func isStale(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// A Dead is a job that was given up after its tries.
type Dead struct {
	Key   string    `json:"key"`
	Error string    `json:"error"` // of the last try
	At    time.Time `json:"at"`
}

func (q *Queue) bury(ctx context.Context, key string, cause error) error {
	data, err := json.Marshal(Dead{Key: key, Error: cause.Error(), At: time.Now().UTC()})
	if err != nil {
		return err
	}
	_, err = q.stream.Publish(ctx, deadSubject+token(key), data)
	return err
}

// Dead lists the jobs that were given up in the last 30 days, the last one of
// each key, oldest first. Adding such a key again is trying it again.
func (q *Queue) Dead(ctx context.Context) ([]Dead, error) {
	stream, err := q.stream.Stream(ctx, deadStream)
	if err != nil {
		return nil, fmt.Errorf("listing dead jobs: %w", err)
	}
	var out []Dead
	state := stream.CachedInfo().State
	for sequence := state.FirstSeq; state.Msgs > 0 && sequence <= state.LastSeq; sequence++ {
		message, err := stream.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // replaced by a later one
		}
		if err != nil {
			return nil, fmt.Errorf("listing dead jobs: %w", err)
		}
		var d Dead
		if err := json.Unmarshal(message.Data, &d); err != nil {
			return nil, fmt.Errorf("reading dead job %d: %w", sequence, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// token writes a key as one token of a subject: letters, digits, "-", "_" and
// "/" as they are, every other byte as "=" and two digits. So keys with a
// common prefix have tokens with a common prefix.
func token(key string) string {
	var b strings.Builder
	for i := range len(key) {
		switch c := key[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '/':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02x", c)
		}
	}
	return b.String()
}
