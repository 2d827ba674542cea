package review

import (
	"context"
	"fmt"

	"github.com/kustodian/kustodian/bot/review/worker"
)

// Configuration reads the configurations of a tree over the organisation's,
// whose text is defaults, nil for none.
func Configuration(ctx context.Context, tree TreeRef, defaults []byte) (worker.ConfigureAnswer, error) {
	pool := worker.NewPool(worker.Limits{}, tree)
	defer pool.Close()
	answer, err := pool.Configure(ctx, worker.Configure{Tree: tree, Defaults: defaults})
	if err != nil {
		return answer, fmt.Errorf("reading the configuration of %s: %w", tree, err)
	}
	return answer, nil
}
