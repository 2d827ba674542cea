package review

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/custom"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A Reviewer reviews. Its zero value works without a registry.
type Reviewer struct {
	// Ask answers the questions of fixes, such as the digest of an image. Nil
	// answers that this command never dials. Calls come from several goroutines.
	Ask func(context.Context, fixes.Question) fixes.Answer
	// Built is called after each build of an overlay, nil for nobody. Calls may
	// come from several goroutines.
	Built func(overlay string)
	// Limits are what one call of a worker may cost.
	Limits worker.Limits
	// Caps are what a configuration may not ask for more of; nil is the default.
	Caps *config.Caps
	// Memory is what earlier jobs were answered; nil is none.
	Memory *memory.Store
	// Remotes fetches the remote bases that the operator allows; nil allows none.
	Remotes *mirror.Remotes
	// Fault is told what is wrong with the memory, which changes no report; nil
	// for nobody.
	Fault func(error)
}

func (r *Reviewer) fault(err error) {
	if err != nil && r.Fault != nil {
		r.Fault(err)
	}
}

// Run reviews a job. Overlays that do not build are findings of the report;
// the error is of ctx, of a tree that cannot be opened, or of a worker that
// cannot start.
func (r *Reviewer) Run(ctx context.Context, job Job) (*Report, error) {
	if job.Now.IsZero() {
		job.Now = time.Now()
	}
	pool := worker.NewPool(r.Limits, job.Head, job.Base, job.Config)
	defer pool.Close()
	kept, err := r.Memory.Open(job.Tenant, job.Head.Place())
	r.fault(err)
	pool.Remember(kept)
	run := &run{Reviewer: r, job: job, pool: pool, report: &Report{Job: job, Findings: []Finding{}, Overlays: []OverlayReport{}}}
	if err := run.openRemotes(); err != nil {
		return nil, err
	}
	if err := run.scan(ctx); err != nil {
		return nil, err
	}
	head, err := run.check(ctx, &run.head, run.head.reached)
	if err != nil {
		return nil, err
	}
	base, err := run.checkBase(ctx, head)
	if err != nil {
		return nil, err
	}
	if head, base, err = run.together(ctx, head, base); err != nil {
		return nil, err
	}
	run.compare(head, base)
	if err := run.silence(); err != nil {
		return nil, err
	}
	run.read()
	if job.Fix {
		if err := run.fix(ctx); err != nil {
			return nil, err
		}
	}
	run.join()
	r.fault(r.Memory.Save(kept))
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
	history    history
	remotes    remotes
}

// A side is one of the two trees.
type side struct {
	ref     TreeRef
	tree    overlay.Tree // for one goroutine: the run's own
	scan    scan
	roots   []overlay.Overlay
	reached []overlay.Overlay             // the roots that the change reaches
	checked map[string]worker.CheckAnswer // by overlay
	// additions are what Flux and Argo CD add, by overlay.
	additions map[string][]rules.Addition
}

// built reports whether the overlay was built. One that was not says nothing
// of what it would show.
func (s *side) built(overlay string) bool {
	a, ok := s.checked[overlay]
	return ok && a.Broken == nil
}

// reach finds the overlays of both sides that the change reaches, or all of
// the job's paths where there is no base.
func (r *run) reach() {
	changed := r.changed()
	for _, s := range []*side{&r.head, &r.base} {
		for _, o := range s.roots {
			reached := r.base.ref.IsZero() || slices.ContainsFunc(o.Reads, func(p string) bool { return changed[p] })
			if reached && r.asked(o) {
				s.reached = append(s.reached, o)
			}
		}
	}
}

// changed is every path that differs between the sides, with the folders that
// came or went: an overlay that looked for such a folder sees the change
// without reading a file in it.
func (r *run) changed() map[string]bool {
	changed := map[string]bool{}
	for _, c := range r.changes {
		for _, p := range []string{c.Path, c.OldPath} {
			if p == "" {
				continue
			}
			changed[p], changed[path.Dir(p)+"/"] = true, true // a folder's names, see [overlay.ReadSet]
			for dir := path.Dir(p); !changed[dir] && !(r.head.hasFolder(dir) && r.base.hasFolder(dir)); dir = path.Dir(dir) {
				changed[dir] = true
			}
		}
	}
	return changed
}

// hasFolder reports whether a folder can be listed.
func (s *side) hasFolder(dir string) bool {
	_, err := s.tree.ReadDir(dir)
	return dir == "." || err == nil
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
	answers, requests := make([]worker.CheckAnswer, len(overlays)), make([]worker.Check, len(overlays))
	policy := s.scan.Config.Rules
	policy.OwnCost = r.ownCost()
	for i, o := range overlays {
		requests[i] = worker.Check{
			Tree: s.ref, Overlay: o.Path, Options: r.options(s, o), Policy: policy,
			Definitions: s.scan.Definitions, Additions: s.additions[o.Path], Published: s.scan.Published,
			// What the base has is known whoever says it.
			Part:   s == &r.head && rules.IsPart(o.Path),
			Before: r.before(s, o),
		}
	}
	err := r.pool.Check(ctx, requests, func(i int, a worker.CheckAnswer, err error) {
		o := overlays[i]
		if err != nil {
			a = worker.CheckAnswer{Overlay: o.Path, Broken: &overlay.BuildError{
				Overlay: o.Path, Reason: overlay.ReasonLimit, Path: o.File, Line: 1, Column: 1, Message: err.Error(),
			}}
		}
		answers[i] = a
		if r.Built != nil {
			r.Built(o.Path)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("building the overlays of %s: %w", s.ref, err)
	}
	var found [][]rules.Finding
	for i, a := range answers {
		s.checked[a.Overlay] = a
		found = append(found, a.Findings, graded(policy, overlays[i].Environment, unbuilt(overlays[i], a.Broken)), graded(policy, overlays[i].Environment, noted(overlays[i])))
	}
	return rules.Merge(found...), nil
}

// before is what an overlay of the head was at the base, nil where nobody asks.
func (r *run) before(s *side, o overlay.Overlay) *worker.Before {
	asks := slices.ContainsFunc(s.scan.Config.Rules.Own, func(own rules.OwnRule) bool { return own.AsksOld })
	if s != &r.head || !r.compared() || !asks {
		return nil
	}
	before := &worker.Before{Tree: r.base.ref}
	if dir := path.Dir(r.oldPath(o.File)); slices.ContainsFunc(r.base.scan.Overlays, func(b overlay.Overlay) bool { return b.Path == dir }) {
		before.Overlay = dir
	}
	return before
}

// ownCost is what the repository's own rules may cost on one overlay: 0, for
// the default, unless there are so many overlays that the job's would not do.
func (r *run) ownCost() uint64 {
	share := custom.Share(len(r.head.reached) + len(r.base.reached))
	if len(r.report.Config.Rules.Own) == 0 || share == custom.DefaultCost {
		return 0
	}
	return share
}

// graded gives findings that no rule looked for the severity that the policy
// has for them in the environment of their overlay, and drops those that it
// turns off.
func graded(policy rules.Policy, environment string, found []rules.Finding) []rules.Finding {
	for i := range found {
		f := &found[i]
		f.Severity = policy.SeverityAt(f.Rule, f.Severity, f.Path, f.Overlays, []string{environment})
	}
	return slices.DeleteFunc(found, func(f rules.Finding) bool { return f.Severity == rules.Off })
}

// checkBase builds the base's side: the overlays that the change reaches, the
// folders that are built on their own only at the head, and the overlays that
// read a file in which the head has a finding. A fault that the base shows
// anywhere is not new.
func (r *run) checkBase(ctx context.Context, head []rules.Finding) ([]rules.Finding, error) {
	if r.base.ref.IsZero() {
		return nil, nil
	}
	was := map[string]bool{}
	for _, o := range r.head.reached {
		was[path.Dir(r.oldPath(o.File))] = true
	}
	faulty := map[string]bool{}
	for _, f := range head {
		faulty[r.oldPath(f.Path)] = true
	}
	overlays := slices.Clone(r.base.reached)
	for _, o := range r.base.scan.Overlays {
		root := slices.ContainsFunc(r.base.roots, func(root overlay.Overlay) bool { return root.Path == o.Path })
		known := slices.ContainsFunc(overlays, func(other overlay.Overlay) bool { return other.Path == o.Path })
		shows := was[o.Path] && !o.Component || root && slices.ContainsFunc(o.Reads, func(p string) bool { return faulty[p] })
		if shows && !known {
			overlays = append(overlays, o)
		}
	}
	return r.check(ctx, &r.base, overlays)
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
