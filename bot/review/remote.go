package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules/overlay"
)

const (
	// maxRemotes bounds the commits of other repositories that one job follows.
	maxRemotes = 32
	// maxRemoteDepth bounds remote bases of remote bases.
	maxRemoteDepth = 3
	// remotesAtOnce is how many are fetched at once, for one job.
	remotesAtOnce = 4
)

// remotes are the answers of a job to references to other repositories.
type remotes []overlay.RemoteAnswer

// to is the answer to a reference, nil where there is none yet.
func (r remotes) to(base overlay.RemoteBase) *overlay.RemoteAnswer {
	i := slices.IndexFunc(r, func(a overlay.RemoteAnswer) bool { return a.URL == base.URL && a.Ref == base.Ref })
	if i < 0 {
		return nil
	}
	return &r[i]
}

// open are the references of an overlay that have no answer yet.
func (r remotes) open(o overlay.Overlay) []overlay.RemoteBase {
	return slices.DeleteFunc(slices.Clone(o.Remotes), func(base overlay.RemoteBase) bool { return r.to(base) != nil })
}

// answersTo are the answers to the references of overlays, in order.
func (r remotes) answersTo(overlays ...overlay.Overlay) []overlay.RemoteAnswer {
	var answers []overlay.RemoteAnswer
	for _, o := range overlays {
		for _, base := range o.Remotes {
			if answer := r.to(base); answer != nil && !slices.Contains(answers, *answer) {
				answers = append(answers, *answer)
			}
		}
	}
	slices.SortFunc(answers, func(a, b overlay.RemoteAnswer) int {
		return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Ref, b.Ref))
	})
	return answers
}

// options are those that overlays of a side are read with: the side's, and the
// answers to the references of these overlays alone, so that what is kept of
// one does not depend on what others refer to.
func (r *run) options(s *side, overlays ...overlay.Overlay) overlay.Options {
	options := s.scan.Config.Options()
	options.Remotes = r.remotes.answersTo(overlays...)
	return options
}

// openRemotes lets the workers read the tenant's remote bases.
func (r *run) openRemotes() error {
	if r.Remotes == nil {
		return nil
	}
	folder, err := r.Remotes.Open(r.job.Tenant)
	if err == nil {
		r.pool.Remotes(folder)
	}
	return err
}

// followRemotes answers what the overlays of a side refer to in other
// repositories, and finds those overlays again with the answers, which may lead
// to further references.
func (r *run) followRemotes(ctx context.Context, s *side) error {
	if r.Remotes == nil {
		return nil
	}
	asker := mirror.Asker{Tenant: r.job.Tenant, Anonymous: r.job.Fork}
	for depth := range maxRemoteDepth + 1 {
		var asked []overlay.RemoteBase
		again := map[string]bool{}
		for _, o := range s.scan.Overlays {
			open := r.remotes.open(o)
			asked = append(asked, open...)
			again[o.Path] = len(open) > 0 || depth == 0 && len(o.Remotes) > 0 // the other side may have answered
		}
		if len(asked) == 0 && depth > 0 {
			return nil
		}
		if depth == maxRemoteDepth {
			r.remotes = r.remotes.refuse(asked, fmt.Sprintf("is not followed: it is more than %d remote bases deep", maxRemoteDepth))
		} else {
			var err error
			if r.remotes, err = r.remotes.answer(ctx, r.Remotes, asker, asked); err != nil {
				return fmt.Errorf("fetching remote bases: %w", err)
			}
		}
		if err := r.find(ctx, s, func(o overlay.Overlay) bool { return again[o.Path] }); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers references in the same words.
func (r remotes) refuse(asked []overlay.RemoteBase, why string) remotes {
	for _, base := range asked {
		if r.to(base) == nil {
			r = append(r, overlay.RemoteAnswer{URL: base.URL, Ref: base.Ref, Refused: why})
		}
	}
	return r
}

// answer asks for what has no answer yet. The error is of ctx.
func (r remotes) answer(ctx context.Context, from *mirror.Remotes, asker mirror.Asker, asked []overlay.RemoteBase) (remotes, error) {
	var once []overlay.RemoteBase
	for _, base := range asked {
		same := func(other overlay.RemoteBase) bool { return other.URL == base.URL && other.Ref == base.Ref }
		if r.to(base) == nil && !slices.ContainsFunc(once, same) {
			once = append(once, base)
		}
	}
	room := max(min(maxRemotes-len(r), len(once)), 0)
	var mu sync.Mutex
	answered := slices.Clone(r)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(remotesAtOnce)
	for _, base := range once[:room] {
		group.Go(func() error {
			answer := from.Answer(groupCtx, asker, base)
			mu.Lock()
			defer mu.Unlock()
			answered = append(answered, answer)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return r, err
	}
	return answered.refuse(once[room:], fmt.Sprintf("is not followed: it is one of more than %d of other repositories", maxRemotes)), nil
}
