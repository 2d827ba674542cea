package review

import (
	"context"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Blame returns every scalar of an overlay's build with its source, in build
// order, and the build's YAML with a source for each line; where a field is
// asked for, the histories of that field alone. Remote bases are followed as
// from allows; nil allows none. An overlay that does not build is a
// [*overlay.BuildError].
func Blame(ctx context.Context, tree TreeRef, path string, field overlay.Field, from *mirror.Remotes) (worker.ExplainAnswer, error) {
	r := &run{Reviewer: &Reviewer{Remotes: from}, pool: worker.NewPool(worker.Limits{}, tree)}
	defer r.pool.Close()
	if err := r.openRemotes(); err != nil {
		return worker.ExplainAnswer{}, err
	}
	own, err := r.pool.Configure(ctx, worker.Configure{Tree: tree})
	if err != nil {
		return worker.ExplainAnswer{}, err
	}
	s := &side{ref: tree, scan: scan{Config: own.Config, Overlays: []overlay.Overlay{{Path: path}}}}
	if from != nil {
		if err := r.find(ctx, s, func(overlay.Overlay) bool { return true }); err != nil {
			return worker.ExplainAnswer{}, err
		}
		if err := r.followRemotes(ctx, s); err != nil {
			return worker.ExplainAnswer{}, err
		}
	}
	answer, err := r.pool.Explain(ctx, worker.Explain{Tree: tree, Overlay: path, Options: r.options(s, s.scan.Overlays...), Field: field})
	if err != nil {
		return worker.ExplainAnswer{}, err
	}
	if answer.Broken != nil {
		return worker.ExplainAnswer{}, answer.Broken
	}
	return answer, nil
}
