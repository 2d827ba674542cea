package worker

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// worthAWorker is how much work is worth a worker more: it costs the
	// processor 40 ms until it has read the engine's schema.
	worthAWorker = 50 * time.Millisecond
	// aCall is what a small build takes: of others nobody knows before.
	aCall = 2 * time.Millisecond
)

// askAll answers requests from memory, and the rest by workers. Each worker
// takes a run of neighbours, since those read the same files and parse them
// once. answered is told each answer, from several goroutines. The error is of
// ctx, or of a tree that cannot be opened.
func askAll[T any](ctx context.Context, p *Pool, all []asking, answered func(i int, a T, reads []string, err error)) error {
	missing := make([]bool, len(all))
	recalling, recallCtx := errgroup.WithContext(ctx)
	next := newRuns(slices.Repeat([]time.Duration{aCall}, len(all)), p.size)
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
	var took []time.Duration // beside rest
	var work time.Duration
	for i, is := range missing {
		if is {
			rest, took = append(rest, i), append(took, p.took(all[i]))
			work += took[len(took)-1]
		}
	}
	lanes := min(p.size, len(rest), 1+int(work/worthAWorker))
	next = newRuns(took, lanes)
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

// took is how long a call took when it was last answered.
func (p *Pool) took(r asking) time.Duration {
	if p.memory == nil {
		return aCall
	}
	return cmp.Or(p.memory.Took(r.question), aCall)
}

// runs share calls among lanes: each has a run of neighbours of its own, of
// about the same work, and takes the longest of them first. When that is done it
// helps where most is left, with the shortest.
type runs struct {
	mu   sync.Mutex
	took []time.Duration
	left []run // by lane
}

// A run is calls, the longest first, with the work that they are.
type run struct {
	calls []int
	work  time.Duration
}

// newRuns shares out calls that are expected to take so long, each some time.
func newRuns(took []time.Duration, lanes int) *runs {
	r := &runs{took: took, left: make([]run, lanes)}
	var all, before time.Duration
	for _, t := range took {
		all += t
	}
	for i, t := range took {
		own := &r.left[int((before+t/2)*time.Duration(lanes)/all)]
		own.calls, own.work = append(own.calls, i), own.work+t
		before += t
	}
	for _, own := range r.left {
		slices.SortStableFunc(own.calls, func(a, b int) int { return cmp.Compare(took[b], took[a]) })
	}
	return r
}

// take is the next call for a lane, false where none is left.
func (r *runs) take(lane int) (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if own := &r.left[lane]; len(own.calls) > 0 {
		call := own.calls[0]
		own.calls, own.work = own.calls[1:], own.work-r.took[call]
		return call, true
	}
	most := &r.left[0]
	for i := range r.left {
		if r.left[i].work > most.work {
			most = &r.left[i]
		}
	}
	if len(most.calls) == 0 {
		return 0, false
	}
	last := len(most.calls) - 1
	call := most.calls[last]
	most.calls, most.work = most.calls[:last], most.work-r.took[call]
	return call, true
}
