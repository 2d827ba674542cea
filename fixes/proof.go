package fixes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// ProveOverlay builds one overlay before and after the fixes are applied, and
// says what differs. The verdict over all overlays is [Judge]'s. A build that
// fails is told in the OverlayProof; the error is of ctx, or of fixes that
// cannot be applied together. Builds before the fixes are those of befores, which
// are of the same tree and options.
func ProveOverlay(ctx context.Context, before *overlay.Snapshot, fixes []Fix, path string, policy rules.Policy, befores *Befores) (OverlayProof, error) {
	proof := OverlayProof{Overlay: path}
	files, err := Apply(before.ReadFile, fixes)
	var conflict *NoFix
	if errors.As(err, &conflict) {
		proof.Error = conflict.Detail
		return proof, nil
	}
	if err != nil {
		return proof, err
	}
	old, err := befores.of(ctx, before, path, policy)
	if err != nil {
		proof.Error, proof.Unbuilt = "It does not build before the fix: "+err.Error(), true
		return proof, ctx.Err()
	}
	is, err := before.Change(files).Build(ctx, path)
	if err != nil {
		proof.Error = "It does not build after the fix: " + err.Error()
		return proof, ctx.Err()
	}
	was := old.build
	proof.Changes, proof.Diff, err = compareBuilds(was, is)
	if err != nil {
		return proof, err
	}
	proof.Environment, proof.Effect = environmentDiffers(was, is), effectOf(was, is)
	if err := proof.compareFindings(ctx, fixes, old, is); err != nil {
		return proof, fmt.Errorf("checking %s after the fix: %w", path, err)
	}
	return proof, nil
}

// compareFindings says which of the fixes' findings remain. A finding of a
// fix's own rule that only the fixed build has is the old one that moved, where
// it is about what the fix changes; in the file of the old one it is the next of
// those that the old one stood for, since of a file that a program writes a rule
// tells one.
func (p *OverlayProof) compareFindings(ctx context.Context, fixes []Fix, before *unfixed, after *overlay.Build) error {
	old, err := before.findings(ctx)
	if err != nil {
		return err
	}
	now, _, err := rules.Run(ctx, rules.Subject{Build: after}, before.policy)
	if err != nil {
		return err
	}
	path := map[string]string{}
	for _, f := range old {
		path[f.Fingerprint] = f.Path
	}
	for _, f := range now {
		_, known := path[f.Fingerprint]
		if slices.ContainsFunc(fixes, func(fix Fix) bool {
			inItsFile := func(fingerprint string) bool { return path[fingerprint] == f.Path }
			return slices.Contains(fix.Fingerprints, f.Fingerprint) && fix.means(after.Overlay) || !known && fix.Rule == f.Rule &&
				(fix.changes(after.Overlay, f.Object) || slices.ContainsFunc(fix.Fingerprints, inItsFile))
		}) {
			p.Remaining = append(p.Remaining, fmt.Sprintf("%s of %s at %s", f.Rule, f.Object, f.Source))
		}
	}
	return nil
}

// means reports whether the fix is to put its findings right in an overlay: one
// that it changes, or any where it changes only how the same is said.
func (f Fix) means(path string) bool {
	return len(f.Intent.Changes) == 0 || slices.ContainsFunc(f.Intent.Changes, func(c Change) bool { return c.Overlay == path })
}

// changes reports whether the fix means to change an object of an overlay.
func (f Fix) changes(path string, object overlay.ObjectRef) bool {
	return slices.ContainsFunc(f.Intent.Changes, func(c Change) bool { return c.Overlay == path && c.Object == object })
}

// Judge says whether the differences of the overlays are what the fixes
// intend: all of it and nothing else.
func Judge(fixes []Fix, overlays []OverlayProof) Proof {
	proof := Proof{Overlays: overlays}
	intended := map[string][]Change{}
	environment := false
	unbuilt := map[string]bool{}
	for _, fix := range fixes {
		environment = environment || fix.Intent.Environment
		for _, path := range fix.Unbuilt {
			unbuilt[path] = true
		}
		for _, c := range fix.Intent.Changes {
			intended[c.Overlay] = append(intended[c.Overlay], c)
		}
	}
	same := len(intended) == 0 // only how the same is said
	for _, o := range overlays {
		if o.Unbuilt && unbuilt[o.Overlay] && len(intended[o.Overlay]) == 0 {
			continue
		}
		if proof.Reason, proof.Detail = o.judge(intended[o.Overlay], environment); proof.Reason != NoReason {
			if same && proof.Reason == ReasonSpreads {
				proof.Reason = ReasonNoProof
			}
			return proof
		}
		delete(intended, o.Overlay)
	}
	for _, path := range sortedKeys(intended) {
		proof.Reason, proof.Detail = ReasonNoProof, fmt.Sprintf("Overlay %s, which the fix means to change, was not built.", path)
		return proof
	}
	return proof
}

// judge compares one overlay's differences with the intended ones.
func (p OverlayProof) judge(intended []Change, environment bool) (Reason, string) {
	switch {
	case p.Error != "":
		return ReasonNotBuilt, fmt.Sprintf("Overlay %s could not be compared. %s", p.Overlay, p.Error)
	case environment && p.Environment != "":
		return ReasonNoProof, fmt.Sprintf("In overlay %s %s.", p.Overlay, p.Environment)
	}
	for _, c := range p.Changes {
		if environment && isOrder(c) {
			continue
		}
		i := slices.IndexFunc(intended, func(other Change) bool { return c.same(other) })
		if i >= 0 {
			continue
		}
		reason := ReasonNoProof
		if len(intended) == 0 {
			reason = ReasonSpreads
		}
		return reason, fmt.Sprintf("The edit would also change %s of %s in overlay %s.", c.where(), c.Object, p.Overlay)
	}
	for _, c := range intended {
		if !slices.ContainsFunc(p.Changes, c.same) {
			return ReasonNoProof, fmt.Sprintf("The edit does not change %s of %s in overlay %s as it should.", c.where(), c.Object, p.Overlay)
		}
	}
	if len(p.Remaining) > 0 {
		return ReasonNoProof, fmt.Sprintf("Overlay %s still has the finding after the edit: %s.", p.Overlay, p.Remaining[0])
	}
	return NoReason, ""
}

func (c Change) where() string {
	if len(c.Field) == 0 {
		return "the whole"
	}
	return c.Field.String()
}

func (c Change) same(other Change) bool {
	return c.Object == other.Object && slices.Equal(c.Field, other.Field) &&
		sameText(c.Before, other.Before) && sameText(c.After, other.After)
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// isOrder reports whether only the order of a container's environment changed,
// or that of containers: a list that has keys is a change itself only where the
// order differs. Containers are started one after the other, but none waits for
// another unless that has a hook to be waited for.
func isOrder(c Change) bool {
	switch {
	case c.Before == nil || c.After == nil:
		return false
	case c.Field.Last() == "containers":
		return !strings.Contains(*c.After, `"postStart"`)
	}
	return c.Field.Last() == "env"
}
