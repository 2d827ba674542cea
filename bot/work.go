package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/queue"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes/registry"
)

// A Worker works on jobs: it reads the live state, reviews it, and publishes
// what it found. A job done twice says nothing twice.
type Worker struct {
	App *github.App
	// State keeps small values, with compare-and-swap.
	State *queue.Queue
	// Mirrors is the folder of the bare mirrors.
	Mirrors string
	// CloneURL is where repositories are cloned from, such as "https://github.com".
	CloneURL string
	// Registry is whom all jobs ask for digests.
	Registry *registry.Client
	// Built is called after each build; nil for nobody. See [review.Reviewer].
	Built func(overlay string)
	// Limits are what one overlay may cost.
	Limits worker.Limits
	// Caps are what a configuration may not ask for more of; nil is the default.
	Caps *config.Caps
	// Memory is where answers of earlier jobs are kept; nil where none are.
	Memory *memory.Store
	// Remotes fetches remote bases; nil follows none.
	Remotes *mirror.Remotes
	Log     *slog.Logger
}

// reviewer is who reviews one job, and asks registries as its asker.
func (w *Worker) reviewer(asker registry.Asker) *review.Reviewer {
	return &review.Reviewer{
		Ask: review.AskRegistry(w.Registry.For(asker)), Built: w.Built, Limits: w.Limits, Caps: w.Caps, Memory: w.Memory, Remotes: w.Remotes,
		Fault: func(err error) { w.Log.Warn("builds may be done again", "error", err) },
	}
}

// Work works on the job of a key. A rate limit is a [*queue.Park]; that an App
// which is read-only wrote nothing is no fault.
func (w *Worker) Work(ctx context.Context, key Key) error {
	err := w.work(ctx, key)
	var limit *github.LimitError
	switch {
	case errors.As(err, &limit):
		return &queue.Park{Until: limit.Until, Why: limit.Error()}
	case errors.Is(err, github.ErrReadOnly):
		w.Log.InfoContext(ctx, "reviewed, and nothing written", "job", key.String(), "why", err.Error())
		return nil
	}
	return err
}

func (w *Worker) work(ctx context.Context, key Key) error {
	s, err := w.open(ctx, key)
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrSuspended) {
		w.Log.InfoContext(ctx, "the repository is gone or no longer installed", "job", key.String(), "why", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	switch key.Kind {
	case Pull:
		return s.pull(ctx, key.Number, false)
	case Comment:
		return s.comment(ctx, key.Number, key.Comment)
	case MergeGroup:
		return s.mergeGroup(ctx, key.SHA)
	case Sweep:
		return s.sweep(ctx)
	}
	return fmt.Errorf("job %s: there is no work of kind %q", key, key.Kind)
}
