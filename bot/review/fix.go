package review

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// maxRounds bounds how often a plan may ask again: a digest answers every
// question there is today in one round.
const maxRounds = 3

// fix plans the fixes of the report's findings and keeps those whose proof holds.
func (r *run) fix(ctx context.Context) error {
	var findings []rules.Finding
	for _, f := range r.report.Findings {
		if f.Suppressed == nil && !r.fresh(f.Rule) && (len(r.job.Rules) == 0 || slices.Contains(r.job.Rules, f.Rule)) {
			findings = append(findings, f.Finding)
		}
	}
	if len(findings) == 0 {
		return nil
	}
	plan, err := r.plan(ctx, findings, maxSplits)
	if err != nil {
		return fmt.Errorf("planning fixes: %w", err)
	}
	proofs, err := r.proveEach(ctx, plan.Fixes)
	if err != nil {
		return err
	}
	for i, fix := range plan.Fixes {
		if proof := proofs[i]; proof.Reason != fixes.NoReason {
			for _, fingerprint := range fix.Fingerprints {
				plan.NoFix[fingerprint] = fixes.NoFix{Reason: proof.Reason, Detail: proof.Detail}
			}
			continue
		}
		proved, err := r.proved(fix, proofs[i])
		if err != nil {
			return err
		}
		r.report.Fixes = append(r.report.Fixes, proved)
	}
	if err := r.proveTogether(ctx, &plan); err != nil {
		return err
	}
	r.attach(plan.NoFix)
	return nil
}

// maxSplits is how often findings whose plan takes too much are planned half by
// half: a repository of the largest objects needs a quarter of them at a time.
const maxSplits = 2

// plan plans fixes of findings, in parts where the whole takes a worker too much.
func (r *run) plan(ctx context.Context, findings []rules.Finding, splits int) (worker.PlanAnswer, error) {
	answer, err := r.planAtOnce(ctx, findings)
	if !errors.Is(err, worker.ErrDied) {
		return answer, err
	}
	half := len(findings) / 2
	// The findings of one file are planned together: one fix may take several.
	for half > 0 && half < len(findings) && findings[half].Path == findings[half-1].Path {
		half++
	}
	if splits == 0 || half == 0 || half == len(findings) {
		return worker.PlanAnswer{NoFix: withheld(findings, fixes.NoFix{Reason: fixes.ReasonNotBuilt, Detail: "planning the fixes took too much: " + err.Error()})}, nil
	}
	first, err := r.plan(ctx, findings[:half], splits-1)
	if err != nil {
		return first, err
	}
	second, err := r.plan(ctx, findings[half:], splits-1)
	first.Fixes = append(first.Fixes, second.Fixes...)
	maps.Copy(first.NoFix, second.NoFix)
	return first, err
}

// planAtOnce asks a worker for fixes, and the world for what they need to know.
func (r *run) planAtOnce(ctx context.Context, findings []rules.Finding) (worker.PlanAnswer, error) {
	policy := r.head.scan.Config.Fixes
	policy.Staged = policy.Staged && r.job.Staged
	request := worker.Plan{
		Tree: r.head.ref, Options: r.options(&r.head, r.head.roots...), Overlays: r.head.roots,
		Findings: findings, Policy: policy, Rules: r.head.scan.Config.Rules, New: r.newObjects(),
	}
	for range maxRounds {
		answer, err := r.pool.Plan(ctx, request)
		if err != nil {
			return answer, err
		}
		if len(answer.Questions) == 0 {
			if answer.NoFix == nil {
				answer.NoFix = map[string]fixes.NoFix{}
			}
			return answer, nil
		}
		answered, err := r.answers(ctx, answer.Questions)
		if err != nil {
			return answer, fmt.Errorf("asking what the fixes need to know: %w", err)
		}
		request.Answers = append(request.Answers, answered...)
	}
	return worker.PlanAnswer{}, fmt.Errorf("the plan asks again after %d rounds", maxRounds)
}

// newObjects are, by overlay, the objects that the change brings, of those with
// fields that are fixed once they exist. What any overlay of the base builds may
// only have moved, and what one that does not build had nobody knows.
func (r *run) newObjects() map[string][]overlay.ObjectRef {
	if !r.compared() {
		return nil
	}
	exists := map[overlay.ObjectRef]bool{}
	for _, was := range r.base.checked {
		if was.Broken != nil {
			return nil
		}
		for _, ref := range was.Fixed {
			exists[ref] = true
		}
	}
	out := map[string][]overlay.ObjectRef{}
	for _, o := range r.head.reached {
		for _, ref := range r.head.checked[o.Path].Fixed {
			if !exists[ref] {
				out[o.Path] = append(out[o.Path], ref)
			}
		}
	}
	return out
}

// withheld gives every finding the same reason for having no fix.
func withheld(findings []rules.Finding, why fixes.NoFix) map[string]fixes.NoFix {
	out := map[string]fixes.NoFix{}
	for _, f := range findings {
		out[f.Fingerprint] = why
	}
	return out
}

// proveEach proves each fix alone, as many at a time as there are workers.
func (r *run) proveEach(ctx context.Context, planned []fixes.Fix) ([]fixes.Proof, error) {
	proofs := make([]fixes.Proof, len(planned))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.pool.Size())
	for i, fix := range planned {
		group.Go(func() (err error) {
			if proofs[i], err = r.prove(ctx, []fixes.Fix{fix}); err != nil {
				return fmt.Errorf("proving %q: %w", fix.Title, err)
			}
			return nil
		})
	}
	return proofs, group.Wait()
}

// prove builds every overlay that reads a changed file before and after the
// fixes, and judges what differs.
func (r *run) prove(ctx context.Context, planned []fixes.Fix) (fixes.Proof, error) {
	changed := map[string]bool{}
	for _, fix := range planned {
		for _, file := range fix.Files {
			changed[file.Path] = true
		}
	}
	var readers []overlay.Overlay
	for _, o := range r.head.roots {
		if slices.ContainsFunc(o.Reads, func(p string) bool { return changed[p] }) {
			readers = append(readers, o)
		}
	}
	proofs := make([]fixes.OverlayProof, len(readers))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.pool.Size())
	for i, o := range readers {
		group.Go(func() error {
			answer, err := r.pool.Prove(groupCtx, worker.Prove{
				Tree: r.head.ref, Overlay: o.Path, Options: r.options(&r.head, o),
				Policy: r.head.scan.Config.Rules, Fixes: planned,
			})
			if groupCtx.Err() != nil {
				return groupCtx.Err()
			}
			if err != nil {
				answer.Proof = fixes.OverlayProof{Overlay: o.Path, Error: err.Error()}
			}
			if r.Built != nil {
				r.Built(o.Path)
			}
			proofs[i] = answer.Proof
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return fixes.Proof{}, err
	}
	return fixes.Judge(planned, proofs), nil
}

// proved is a fix with its proof and the files as they are before and after.
func (r *run) proved(fix fixes.Fix, proof fixes.Proof) (ProvedFix, error) {
	out := ProvedFix{Fix: fix, Proof: proof, Before: map[string][]byte{}, After: map[string][]byte{}}
	for _, file := range fix.Files {
		if file.Create == nil {
			src, err := r.head.tree.ReadFile(file.Path)
			if err != nil {
				return out, fmt.Errorf("reading %s: %w", file.Path, err)
			}
			out.Before[file.Path] = src
		} else {
			out.Before[file.Path] = nil
		}
		after, err := file.Apply(out.Before[file.Path])
		if err != nil {
			return out, fmt.Errorf("fixing %s: %w", file.Path, err)
		}
		out.After[file.Path] = after
	}
	return out, nil
}

// proveTogether proves all fixes at once. Those that break the proof of the ones
// before them wait.
func (r *run) proveTogether(ctx context.Context, plan *worker.PlanAnswer) error {
	if len(r.report.Fixes) < 2 {
		return nil
	}
	kept, err := r.hold(ctx, nil, r.report.Fixes, plan)
	r.report.Fixes = kept
	return err
}

// hold adds fixes to those that hold: all at once where that holds, else half
// by half, so that a few that conflict cost few proofs.
func (r *run) hold(ctx context.Context, held, more []ProvedFix, plan *worker.PlanAnswer) ([]ProvedFix, error) {
	if len(held) == 0 && len(more) == 1 {
		return more, nil // proved already
	}
	all := append(slices.Clone(held), more...)
	proof, err := r.prove(ctx, plain(all))
	if err != nil {
		return nil, err
	}
	if proof.Reason == fixes.NoReason {
		return all, nil
	}
	if len(more) == 1 {
		for _, fingerprint := range more[0].Fingerprints {
			plan.NoFix[fingerprint] = fixes.NoFix{Reason: fixes.ReasonConflict, Detail: "It waits for another fix of the same lines: " + proof.Detail}
		}
		return held, nil
	}
	half := len(more) / 2
	if held, err = r.hold(ctx, held, more[:half], plan); err != nil {
		return nil, err
	}
	return r.hold(ctx, held, more[half:], plan)
}

func plain(proved []ProvedFix) []fixes.Fix {
	out := make([]fixes.Fix, len(proved))
	for i, fix := range proved {
		out[i] = fix.Fix
	}
	return out
}

// attach gives each finding its fix, or why there is none.
func (r *run) attach(noFix map[string]fixes.NoFix) {
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		if why, ok := noFix[f.Fingerprint]; ok {
			f.NoFix, f.NoFixReason = why.Detail, why.Reason
		}
		for j, fix := range r.report.Fixes {
			if slices.Contains(fix.Fingerprints, f.Fingerprint) {
				f.Fix, f.ProvedFix, f.NoFix, f.NoFixReason = text(fix.Fix), j, "", fixes.NoReason
			}
		}
	}
}

// text is a fix as the edits that make it.
func text(fix fixes.Fix) *Fix {
	out := &Fix{Title: fix.Title}
	for _, file := range fix.Files {
		switch {
		case file.Create != nil:
			out.Edits = append(out.Edits, Edit{Path: file.Path, New: *file.Create, Create: true})
		case file.Delete:
			out.Edits = append(out.Edits, Edit{Path: file.Path, Delete: true})
		}
		for _, splice := range file.Splices {
			out.Edits = append(out.Edits, Edit{Path: file.Path, Start: splice.Start, End: splice.End, New: splice.New})
		}
	}
	return out
}
