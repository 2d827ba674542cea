package review

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A Reviewer reviews. Its zero value works without a registry.
type Reviewer struct {
	// Ask answers the questions of fixes, such as the digest of an image. Nil
	// answers that this command never dials.
	Ask func(context.Context, fixes.Question) fixes.Answer
	// Built is called after each build of an overlay, nil for nobody. Calls may
	// come from several goroutines.
	Built func(overlay string)
}

// Run reviews a job. Overlays that do not build are findings of the report;
// the error is of ctx, of a tree that cannot be opened, or of a worker that
// cannot start.
func (r *Reviewer) Run(ctx context.Context, job Job) (*Report, error) {
	pool := worker.NewPool(job.Head, job.Base, job.Config)
	defer pool.Close()
	run := &run{Reviewer: r, job: job, pool: pool, report: &Report{Job: job, Findings: []Finding{}, Overlays: []OverlayReport{}}}
	if err := run.scan(ctx); err != nil {
		return nil, err
	}
	head, err := run.check(ctx, &run.head, run.reached(&run.head))
	if err != nil {
		return nil, err
	}
	base, err := run.checkBase(ctx, head)
	if err != nil {
		return nil, err
	}
	run.compare(head, base)
	run.silence()
	if err := run.read(); err != nil {
		return nil, err
	}
	if job.Fix {
		if err := run.fix(ctx); err != nil {
			return nil, err
		}
	}
	return run.report, nil
}

// A run is one job under way.
type run struct {
	*Reviewer
	job        Job
	pool       *worker.Pool
	report     *Report
	head, base side
	changes    []mirror.Change // between base and head; nil without a base
}

// A side is one of the two trees.
type side struct {
	ref     TreeRef
	scan    worker.ScanAnswer
	roots   []overlay.Overlay
	checked map[string]worker.CheckAnswer // by overlay
}

// scan finds the overlays of both sides and what differs between them.
func (r *run) scan(ctx context.Context) error {
	r.head.ref, r.base.ref = r.job.Head, r.job.Base
	for _, s := range []*side{&r.head, &r.base} {
		s.checked = map[string]worker.CheckAnswer{}
		if s.ref.IsZero() {
			continue
		}
		var err error
		s.scan, err = r.pool.Scan(ctx, worker.Scan{Tree: s.ref, Config: r.job.Config})
		if err != nil {
			return fmt.Errorf("finding the overlays of %s: %w", s.ref, err)
		}
		s.roots = roots(s.scan.Overlays)
	}
	r.report.Config = r.head.scan.Config
	r.report.Kustomize = len(r.head.scan.Overlays)+len(r.base.scan.Overlays) > 0
	r.report.Total = len(r.head.roots)
	if r.base.ref.IsZero() {
		return nil
	}
	base, err := r.base.ref.Open()
	if err != nil {
		return err
	}
	head, err := r.head.ref.Open()
	if err != nil {
		return err
	}
	r.changes, err = mirror.Changes(base, head)
	return err
}

// reached are the overlays of a side that the change reaches, or all of the
// job's paths where there is no base.
func (r *run) reached(s *side) []overlay.Overlay {
	changed := map[string]bool{}
	for _, c := range r.changes {
		changed[c.Path] = true
		if c.OldPath != "" {
			changed[c.OldPath] = true
		}
	}
	var out []overlay.Overlay
	for _, o := range s.roots {
		reached := r.base.ref.IsZero() || slices.ContainsFunc(o.Reads, func(p string) bool { return changed[p] })
		if reached && r.asked(o) {
			out = append(out, o)
		}
	}
	return out
}

// asked reports whether an overlay is at or below the job's paths, or reads
// what is.
func (r *run) asked(o overlay.Overlay) bool {
	if len(r.job.Paths) == 0 {
		return true
	}
	return slices.ContainsFunc(r.job.Paths, func(p string) bool {
		p = path.Clean(p)
		within := func(q string) bool { return p == "." || q == p || strings.HasPrefix(q, p+"/") }
		return within(o.Path) || slices.ContainsFunc(o.Reads, within)
	})
}

// check builds overlays and returns their findings, one per source.
func (r *run) check(ctx context.Context, s *side, overlays []overlay.Overlay) ([]rules.Finding, error) {
	answers := make([]worker.CheckAnswer, len(overlays))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.pool.Size())
	for i, o := range overlays {
		group.Go(func() error {
			a, err := r.pool.Check(groupCtx, worker.Check{
				Tree: s.ref, Overlay: o.Path, Options: s.scan.Config.Options(), Policy: s.scan.Config.Rules,
			})
			if ctxErr := groupCtx.Err(); ctxErr != nil {
				return ctxErr
			}
			if err != nil {
				a = worker.CheckAnswer{Overlay: o.Path, Broken: &overlay.BuildError{
					Overlay: o.Path, Reason: overlay.ReasonLimit, Path: o.File, Line: 1, Column: 1, Message: err.Error(),
				}}
			}
			answers[i] = a
			if r.Built != nil {
				r.Built(o.Path)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("building the overlays of %s: %w", s.ref, err)
	}
	var found [][]rules.Finding
	for i, a := range answers {
		s.checked[a.Overlay] = a
		found = append(found, a.Findings, refused(overlays[i], a.Broken))
	}
	return rules.Merge(found...), nil
}

// checkBase builds the base's side: the overlays that the change reaches, and
// those that read a file in which the head has a finding, since a fault that
// the base shows elsewhere is not new.
func (r *run) checkBase(ctx context.Context, head []rules.Finding) ([]rules.Finding, error) {
	if r.base.ref.IsZero() {
		return nil, nil
	}
	reached := r.reached(&r.base)
	faulty := map[string]bool{}
	for _, f := range head {
		faulty[r.oldPath(f.Path)] = true
	}
	for _, o := range r.base.roots {
		known := slices.ContainsFunc(reached, func(other overlay.Overlay) bool { return other.Path == o.Path })
		if !known && slices.ContainsFunc(o.Reads, func(p string) bool { return faulty[p] }) {
			reached = append(reached, o)
		}
	}
	return r.check(ctx, &r.base, reached)
}

// oldPath is the path that a file of the head has at the base.
func (r *run) oldPath(p string) string {
	for _, c := range r.changes {
		if c.Path == p && c.OldPath != "" {
			return c.OldPath
		}
	}
	return p
}
