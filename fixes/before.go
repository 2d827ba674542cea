package fixes

import (
	"context"
	"reflect"
	"slices"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Befores keeps what overlays of one tree build to before a fix, and what is
// wrong with them, since many fixes are proved over the same overlays. The zero
// value is empty; it is for one goroutine.
type Befores struct {
	kept []*unfixed // those used last at the end
}

// mostBefores and mostObjects bound what is kept: the overlays that read one
// file are rarely more, and a build of 500 objects takes about 10 MB.
const mostBefores, mostObjects = 16, 4_000

// An unfixed is one overlay as it is.
type unfixed struct {
	path   string
	policy rules.Policy
	build  *overlay.Build

	checked bool
	found   []rules.Finding // once checked
}

// of builds the overlay at path, if it was not lately.
func (b *Befores) of(ctx context.Context, snapshot *overlay.Snapshot, path string, policy rules.Policy) (*unfixed, error) {
	i := slices.IndexFunc(b.kept, func(known *unfixed) bool { return known.path == path && reflect.DeepEqual(known.policy, policy) })
	if i >= 0 {
		known := b.kept[i]
		b.kept = append(slices.Delete(b.kept, i, i+1), known)
		return known, nil
	}
	build, err := snapshot.Build(ctx, path)
	if err != nil {
		return nil, err
	}
	was := &unfixed{path: path, policy: policy, build: build}
	b.kept = append(b.kept, was)
	for objects := b.objects(); len(b.kept) > 1 && (len(b.kept) > mostBefores || objects > mostObjects); objects = b.objects() {
		b.kept = slices.Delete(b.kept, 0, 1)
	}
	return was, nil
}

// findings are what is wrong with the overlay.
func (w *unfixed) findings(ctx context.Context) ([]rules.Finding, error) {
	if w.checked {
		return w.found, nil
	}
	var err error
	w.found, _, err = rules.Run(ctx, rules.Subject{Build: w.build}, w.policy)
	w.checked = err == nil
	return w.found, err
}

func (b *Befores) objects() (n int) {
	for _, known := range b.kept {
		n += len(known.build.Objects)
	}
	return n
}
