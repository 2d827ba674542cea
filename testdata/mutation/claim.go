package mutation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
// unless a patch that no longer finds its object had sorted it. A key of a
// list's item may have moved to another item, and of what a generator makes up
// itself it is the name that follows.
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
	for field, scalar := range o.Scalars() {
		if at == c.Scalar || c.isKey() && sameList(field, c.Field) {
			values = append(values, scalar.Value)
		}
		at++
	}
	if name := c.Field.String(); c.Source.By == overlay.ByGenerator && (name == "kind" || name == "apiVersion" || name == "type") {
		values = append(values, o.Ref.Name)
	}
	return values
}

// isKey reports whether a patch may find the item of a list by the claim's field.
func (c Claim) isKey() bool {
	n := len(c.Field)
	if overlay.IsItem(c.Field.Last()) {
		return true
	}
	return n > 1 && (strings.HasPrefix(c.Field[n-2], "["+c.Field.Last()+"=") ||
		overlay.IsItem(c.Field[n-2]) && slices.Contains([]string{"containerPort", "port", "mountPath", "protocol"}, c.Field.Last()))
}

// sameList reports whether two fields are the same but for the last item of a
// list that they are in.
func sameList(a, b overlay.Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := len(a) - 1; i >= 0; i-- {
		switch {
		case overlay.IsItem(a[i]) && overlay.IsItem(b[i]):
			return a[:i].String() == b[:i].String()
		case a[i] != b[i]:
			return false
		}
	}
	return false
}
