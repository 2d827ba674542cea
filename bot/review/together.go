package review

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// maxRelated bounds the overlays that are built only to be compared with those
// that the change reaches: more of them are a collection, and no application's
// environments.
const maxRelated = 24

// together adds to the findings of both sides those of rules over several
// builds.
func (r *run) together(ctx context.Context, head, base []rules.Finding) (withHead, withBase []rules.Finding, err error) {
	if err := r.checkRelated(ctx); err != nil {
		return nil, nil, err
	}
	facts := rules.Facts{Head: r.head.facts(), Base: r.base.facts(), Compared: !r.base.ref.IsZero(), Overlays: r.head.roots, Additions: r.head.additions}
	if facts.Images, err = r.registered(ctx, facts); err != nil {
		return nil, nil, err
	}
	found, err := r.joinFacts(ctx, &r.head, facts)
	if err != nil || !facts.Compared {
		return rules.Merge(head, found), base, err
	}
	// What the base alone shows is not new.
	was, err := r.joinFacts(ctx, &r.base, rules.Facts{Head: facts.Base, Overlays: r.base.roots, Images: facts.Images, Additions: r.base.additions})
	return rules.Merge(head, found), rules.Merge(base, was), err
}

func (r *run) joinFacts(ctx context.Context, s *side, facts rules.Facts) ([]rules.Finding, error) {
	if len(facts.Head)+len(facts.Base) == 0 {
		return nil, nil
	}
	answer, err := r.pool.Join(ctx, worker.Join{Tree: s.ref, Options: s.scan.Config.Options(), Facts: facts, Policy: s.scan.Config.Rules})
	if err != nil {
		return nil, fmt.Errorf("comparing the overlays of %s: %w", s.ref, err)
	}
	return answer.Findings, nil
}

// checkRelated builds on both sides what the overlays that the change reaches
// are to be compared with. What those say of themselves is as it was.
func (r *run) checkRelated(ctx context.Context) error {
	if r.base.ref.IsZero() {
		return nil
	}
	for _, s := range []*side{&r.head, &r.base} {
		var related []overlay.Overlay
		for _, o := range s.roots {
			_, checked := s.checked[o.Path]
			if !checked && slices.ContainsFunc(r.head.reached, func(reached overlay.Overlay) bool { return relatedTo(o, reached) }) {
				related = append(related, o)
			}
		}
		if len(related) > maxRelated {
			continue
		}
		if _, err := r.check(ctx, s, related); err != nil {
			return err
		}
	}
	return nil
}

// relatedTo reports whether two overlays may be environments of one
// application: they stand side by side, or build on the same folder.
func relatedTo(a, b overlay.Overlay) bool {
	return path.Dir(a.Path) == path.Dir(b.Path) ||
		slices.ContainsFunc(a.Refers, func(dir string) bool { return slices.Contains(b.Refers, dir) })
}

// facts are all that the rules noted of the side's overlays.
func (s *side) facts() []rules.Fact {
	var all []rules.Fact
	for _, o := range s.roots {
		all = append(all, s.checked[o.Path].Facts...)
	}
	return all
}

// askedFor keeps the findings at or below the job's paths.
func (r *run) askedFor(found []rules.Finding) []rules.Finding {
	if len(r.job.Paths) == 0 {
		return found
	}
	return slices.DeleteFunc(slices.Clone(found), func(f rules.Finding) bool {
		return !slices.ContainsFunc(r.job.Paths, func(p string) bool {
			p = path.Clean(p)
			return p == "." || f.Path == p || strings.HasPrefix(f.Path, p+"/")
		})
	})
}
