package review

import (
	"context"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Blame returns every scalar of an overlay's build with its source, in build
// order, and the build's YAML with a source for each line; where a field is
// asked for, the histories of that field alone. An overlay that does not build
// is a [*overlay.BuildError].
func Blame(ctx context.Context, tree TreeRef, path string, field overlay.Field) (worker.ExplainAnswer, error) {
	pool := worker.NewPool(worker.Limits{}, tree)
	defer pool.Close()
	own, err := pool.Configure(ctx, worker.Configure{Tree: tree})
	if err != nil {
		return worker.ExplainAnswer{}, err
	}
	answer, err := pool.Explain(ctx, worker.Explain{Tree: tree, Overlay: path, Options: own.Config.Options(), Field: field})
	if err != nil {
		return worker.ExplainAnswer{}, err
	}
	if answer.Broken != nil {
		return worker.ExplainAnswer{}, answer.Broken
	}
	return answer, nil
}
