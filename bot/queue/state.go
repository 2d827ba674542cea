package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrStale is the error where somebody else stored a newer state.
var ErrStale = errors.New("the state has changed since it was loaded")

// Load returns the state stored under key, and its revision; nil and 0 where there is none.
func (q *Queue) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	entry, err := q.state.Get(ctx, token(key))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("loading state %s: %w", key, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// Store replaces the state under key where its revision is still the one
// loaded (0: none yet); [ErrStale] else.
func (q *Queue) Store(ctx context.Context, key string, value []byte, revision uint64) error {
	_, err := q.state.Update(ctx, token(key), value, revision)
	if isStale(err) {
		err = ErrStale
	}
	if err != nil {
		return fmt.Errorf("storing state %s: %w", key, err)
	}
	return nil
}

// Delete removes the state of every key that has the prefix, without a trace.
func (q *Queue) Delete(ctx context.Context, prefix string) error {
	keys, err := q.state.ListKeys(ctx)
	if err != nil {
		return fmt.Errorf("deleting state %s: %w", prefix, err)
	}
	stream, err := q.stream.Stream(ctx, "KV_"+stateBucket)
	if err != nil {
		return errors.Join(fmt.Errorf("deleting state %s: %w", prefix, err), keys.Stop())
	}
	for key := range keys.Keys() {
		if !strings.HasPrefix(key, token(prefix)) {
			continue
		}
		// A key's own deletion would leave a marker that names it.
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject("$KV."+stateBucket+"."+key)); err != nil {
			return errors.Join(fmt.Errorf("deleting state %s: %w", prefix, err), keys.Stop())
		}
	}
	return nil
}
