package mutation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Claim is the exact source of one scalar of a build.
type Claim struct {
	Overlay string
	Object  int // the object, as [overlay.Object].Made counts
	Scalar  int // index of the scalar in the object
	Kind    string
	Field   overlay.Field
	Source  overlay.Source
}

// Claims returns the exact sources among the lines of a build.
func Claims(b *overlay.Build, lines []overlay.BlameLine) []Claim {
	var claims []Claim
	object, scalar := -1, 0
	for i, line := range lines {
		if i == 0 || line.Object != lines[i-1].Object {
			object, scalar = object+1, 0
		}
		if line.Source.Exact {
			claims = append(claims, Claim{b.Overlay, b.Objects[object].Made, scalar, line.Object.Kind, line.Field, line.Source})
		}
		scalar++
	}
	return claims
}

// An Outcome is what became of a claim that was put to the test.
type Outcome int

const (
	Passed Outcome = iota // the field followed
	Missed                // it did not
	Broke                 // the change breaks the build: a name that a patch needs, or a type that the engine checks
	Untold                // nothing stands there that could be changed
)

// Try changes the file at the claimed place, and builds. The error is of ctx,
// or of reading the tree, but for [Missed], where it says what was built.
func (c Claim) Try(ctx context.Context, snapshot *overlay.Snapshot) (Outcome, error) {
	file, err := snapshot.ReadFile(c.Source.Path)
	if err != nil {
		return Untold, err
	}
	changed, ok := Of(file, c.Source)
	if !ok {
		return Untold, nil
	}
	build, err := snapshot.Change(map[string][]byte{c.Source.Path: changed.Text}).Build(ctx, c.Overlay)
	var broken *overlay.BuildError
	if errors.As(err, &broken) {
		return Broke, nil
	}
	if err != nil {
		return Untold, err
	}
	got := c.values(build)
	if slices.ContainsFunc(got, changed.Followed) {
		return Passed, nil
	}
	return Missed, fmt.Errorf("%s: %s of object %d, a %s, is %.80q when %s (%s, %s) is changed",
		c.Overlay, c.Field, c.Object, c.Kind, got, c.Source, c.Source.By, c.Source.How)
}

// values are what the claim's scalar may be in another build: at its field,
// unless that goes by the name that was changed, and at its place in order,
// unless a patch that no longer finds its object had sorted it.
func (c Claim) values(b *overlay.Build) []string {
	i := slices.IndexFunc(b.Objects, func(o *overlay.Object) bool { return o.Made == c.Object })
	if i < 0 {
		return nil
	}
	o := b.Objects[i]
	var values []string
	if n := o.Lookup(c.Field); n != nil {
		values = append(values, n.Value)
	}
	at := 0
	for _, scalar := range o.Scalars() {
		if at == c.Scalar {
			values = append(values, scalar.Value)
		}
		at++
	}
	return values
}
