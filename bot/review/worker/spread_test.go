package worker_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/review/worker"
)

// TestShared hands out calls to two workers.
func TestShared(t *testing.T) {
	for name, c := range map[string]struct {
		took []time.Duration
		want [][]int
	}{
		"neighbours stay together":          {[]time.Duration{1, 1, 1, 1, 1, 1}, [][]int{{0, 1, 2}, {3, 4, 5}}},
		"the work is halved, not the calls": {[]time.Duration{6, 1, 1, 1, 1, 1, 1}, [][]int{{0}, {1, 2, 3, 4, 5, 6}}},
		"the longest comes first":           {[]time.Duration{1, 2, 9, 9, 2, 1}, [][]int{{2, 1, 0}, {3, 4, 5}}},
		"who is done helps with the short":  {[]time.Duration{4, 1, 5, 2, 1}, [][]int{{0, 1, 4}, {2, 3}}},
		"one call":                          {[]time.Duration{7}, [][]int{{0}, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, worker.Shared(c.took, 2)); diff != "" {
				t.Errorf("shared otherwise (-want +got):\n%s", diff)
			}
		})
	}
}
