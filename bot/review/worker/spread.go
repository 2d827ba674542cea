package worker

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// worthAWorker is how many requests are worth a worker more: it costs the
// processor 40 ms until it has read the engine's schema, a small build 2.
const worthAWorker = 24

// askAll answers requests from memory, and the rest by workers. Each worker
// takes a run of neighbours, since those read the same files and parse them
// once. answered is told each answer, from several goroutines. The error is of
// ctx, or of a tree that cannot be opened.
func askAll[T any](ctx context.Context, p *Pool, all []asking, answered func(i int, a T, reads []string, err error)) error {
	missing := make([]bool, len(all))
	recalling, recallCtx := errgroup.WithContext(ctx)
	next := newRuns(len(all), p.size)
	for lane := range p.size {
		recalling.Go(func() error {
			for i, ok := next.take(lane); ok; i, ok = next.take(lane) {
				if err := recallCtx.Err(); err != nil {
					return err
				}
				a, reads, ok, err := known[T](p, all[i])
				if err != nil {
					return err
				}
				if missing[i] = !ok; ok {
					answered(i, a, reads, nil)
				}
			}
			return nil
		})
	}
	if err := recalling.Wait(); err != nil {
		return err
	}
	var rest []int
	for i, is := range missing {
		if is {
			rest = append(rest, i)
		}
	}
	lanes := min(p.size, len(rest), 1+len(rest)/worthAWorker)
	next = newRuns(len(rest), lanes)
	group, groupCtx := errgroup.WithContext(ctx)
	for lane := range lanes {
		group.Go(func() error {
			w, err := p.take(groupCtx)
			if err != nil {
				return err
			}
			defer func() { p.put(w) }()
			for n, ok := next.take(lane); ok; n, ok = next.take(lane) {
				var a answer[T]
				w, a, err = callOn[T](groupCtx, p, w, all[rest[n]].request)
				if groupCtx.Err() != nil {
					return groupCtx.Err()
				}
				known, reads, err := learn(p, all[rest[n]], a, err)
				answered(rest[n], known, reads, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// runs share indices among lanes: each has a run of its own, and when that is
// done helps with the longest that is left, from its end.
type runs struct {
	mu   sync.Mutex
	left []run // by lane
}

// A run is the indices from first to before end.
type run struct{ first, end int }

func newRuns(n, lanes int) *runs {
	r := &runs{left: make([]run, lanes)}
	for lane := range lanes {
		r.left[lane] = run{n * lane / lanes, n * (lane + 1) / lanes}
	}
	return r
}

// take is the next index for a lane, false where none is left.
func (r *runs) take(lane int) (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if own := &r.left[lane]; own.first < own.end {
		own.first++
		return own.first - 1, true
	}
	longest := &r.left[0]
	for i := range r.left {
		if l := &r.left[i]; l.end-l.first > longest.end-longest.first {
			longest = l
		}
	}
	if longest.first == longest.end {
		return 0, false
	}
	longest.end--
	return longest.end, true
}
