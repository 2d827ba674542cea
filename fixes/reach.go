package fixes

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A candidate is a kustomization that a patch could be written to.
type candidate struct {
	file     string
	overlays []string // those that read it, sorted
	depth    int      // how many kustomizations stand between it and the object's file
}

// candidates are the kustomizations above an object's file that only reach
// overlays of those given, the widest first and then the lowest.
func (p *Plan) candidates(ctx context.Context, group []reached, within []string) ([]candidate, error) {
	file := ""
	files := map[string]bool{}
	for _, r := range group {
		if len(r.object.Documents) > 0 {
			file = r.object.Documents[0].Path
		}
		for _, name := range kustomizationsOf(r.build) {
			files[name] = true
		}
	}
	var out []candidate
	for _, name := range sortedKeys(files) {
		depth, err := p.above(name, file, map[string]bool{})
		var noFix *NoFix
		if errors.As(err, &noFix) {
			continue // what cannot be read is not edited
		}
		if err != nil {
			return nil, err
		}
		overlays := p.readers(name)
		if depth < 0 || slices.ContainsFunc(overlays, func(o string) bool { return !slices.Contains(within, o) }) || p.editable(name) != nil {
			continue
		}
		out = append(out, candidate{name, overlays, depth})
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(len(b.overlays), len(a.overlays)), cmp.Compare(a.depth, b.depth))
	})
	return out, ctx.Err()
}

// readers are the overlays that read a file, sorted.
func (p *Plan) readers(file string) []string {
	var out []string
	for _, o := range p.overlays {
		if !o.Component && reads(o, file) {
			out = append(out, o.Path)
		}
	}
	slices.Sort(out)
	return out
}

// reads reports whether an overlay looks a file up; what it reads is sorted,
// and none of a remote base.
func reads(o overlay.Overlay, file string) bool {
	if overlay.InRemote(file) {
		return slices.ContainsFunc(o.Remotes, func(base overlay.RemoteBase) bool { return base.Holds(file) })
	}
	_, found := slices.BinarySearch(o.Reads, file)
	return found
}

// above is how many kustomizations stand between one and a file that it lists
// itself or through others, -1 where it does not list it at all.
func (p *Plan) above(kustomization, file string, seen map[string]bool) (int, error) {
	if seen[kustomization] {
		return -1, nil
	}
	seen[kustomization] = true
	root, err := p.kustomization(kustomization)
	if err != nil {
		return -1, err
	}
	best := -1
	for _, list := range []string{"resources", "bases", "components"} {
		for _, entry := range items(root, list) {
			at := p.Snapshot.At(path.Dir(kustomization), entry.Value)
			if at == file {
				return 0, nil
			}
			for _, name := range kustomizationNames {
				next := path.Join(at, name)
				if _, err := p.Snapshot.ReadFile(next); err != nil {
					continue
				}
				below, err := p.above(next, file, seen)
				if err != nil {
					return -1, err
				}
				if below >= 0 && (best < 0 || below+1 < best) {
					best = below + 1
				}
			}
		}
	}
	return best, nil
}
