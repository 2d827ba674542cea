package fixes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// fitPull lets the pull policies of containers fit the digests that a fix
// writes: what never changes need not be asked for at each start, and may be
// kept where a node has it.
func (p *Plan) fitPull(ctx context.Context, fix *Fix, to *fileChanges, all []reached) error {
	for _, f := range p.Beside {
		left := func(path string) bool { return !pins(all, path, f.Origin, f.Field) }
		if len(f.Others) == 0 && f.Written == "" && !slices.ContainsFunc(f.Overlays, left) {
			fix.Fingerprints = once(append([]string{p.Finding.Fingerprint}, fix.Fingerprints...), f.Fingerprint)
		}
	}
	if !p.checks(pullPolicy) {
		return nil
	}
	var seen []overlay.Source
	for _, r := range all {
		if r.wants == "" || scalar(r.node, "imagePullPolicy") != pullAlways || !p.isContainer(r.use) {
			continue
		}
		source, err := r.build.Explain(ctx, r.object, r.field.Append("imagePullPolicy"))
		if err != nil {
			return fmt.Errorf("looking for the pull policy of %s: %w", r.object.Ref, err)
		}
		if slices.ContainsFunc(seen, func(other overlay.Source) bool { return other.String() == source.String() }) {
			continue
		}
		seen = append(seen, source)
		changes, err := p.leavePull(ctx, to, source, all, r.object.Ref.Kind)
		var noFix *NoFix
		if errors.As(err, &noFix) {
			// It stays, which costs a question at each start.
			fix.Notes = once(fix.Notes, "imagePullPolicy: Always stays. "+noFix.Detail)
			continue
		}
		if err != nil {
			return err
		}
		fix.Intent.Changes = append(fix.Intent.Changes, changes...)
		fix.Notes = once(fix.Notes, "imagePullPolicy: Always goes with the tag that could move: the registry need not be asked at each start for what cannot change.")
	}
	return nil
}

// isContainer reports whether a use is in a pod of a kind that is known: what
// other kinds make of a pull policy, or of none, is not.
func (p *Plan) isContainer(u use) bool {
	return slices.ContainsFunc(p.containersIn(u.build), func(c container) bool {
		return c.object == u.object && slices.Equal(c.field, u.field)
	})
}

// pins reports whether the container that a field is of, in an object as its
// source names it, gets a digest in an overlay.
func pins(all []reached, path string, origin overlay.ObjectRef, field overlay.Field) bool {
	return slices.ContainsFunc(all, func(r reached) bool {
		return r.wants != "" && r.build.Overlay == path && r.object.Origin == origin && isIn(r.field, field)
	})
}

// leavePull takes out the pull policy that a place says in an object of a kind,
// and returns what that changes: a [NoFix] where a container that gets no digest
// has it from there too, or where the kind is no pod's.
func (p *Plan) leavePull(ctx context.Context, to *fileChanges, source overlay.Source, pinned []reached, kind string) ([]Change, error) {
	stays := &NoFix{ReasonSpreads, fmt.Sprintf("%s says the pull policy of other containers too.", source)}
	if len(source.Via) > 0 || source.By == overlay.ByJSONPatch {
		return nil, stays
	}
	said, err := p.locate(source)
	if err != nil {
		return nil, err
	}
	if err := p.editable(said.file); err != nil {
		return nil, err
	}
	carry, err := p.pulledBy(ctx, said.file, source)
	if err != nil {
		return nil, err
	}
	if len(carry) == 0 {
		return nil, &NoFix{ReasonUnknownUse, fmt.Sprintf("What a %s does without it is its operator's to say.", kind)}
	}
	var changes []Change
	before := pullAlways
	for _, u := range carry {
		if !pins(pinned, u.build.Overlay, u.object.Origin, u.field) {
			return nil, stays
		}
		changes = append(changes, Change{Overlay: u.build.Overlay, Object: u.object.Ref, Field: u.field.Append("imagePullPolicy"), Before: &before})
	}
	return changes, p.dropPull(to, said)
}

// dropPull takes out a pull policy, with the patch that would then say nothing.
func (p *Plan) dropPull(to *fileChanges, said place) error {
	listed := map[string]string{}
	if said.by == overlay.ByPatch {
		if saysNothing(without(said.parent, "imagePullPolicy")) {
			said = said.above()
		}
		if empty, err := p.empties(said); err != nil {
			return err
		} else if empty {
			owner, err := p.lister(said.file, patchLists...)
			if err != nil {
				return err
			}
			listed[said.file] = owner
		}
	}
	to.add(said.file, said.remove())
	return p.dropEmpty(to, listed)
}

// empties reports whether a patch file says nothing any more without what a
// place of it says: then the file goes, with its mention.
func (p *Plan) empties(said place) (bool, error) {
	if said.block != nil {
		return false, nil
	}
	src, err := p.Snapshot.ReadFile(said.file)
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", said.file, err)
	}
	after, err := edited(said.file, src, []Edit{said.remove()})
	if err != nil {
		return false, err
	}
	roots, err := documents(after.Bytes)
	if err != nil {
		return false, refused(said.file, err)
	}
	return !slices.ContainsFunc(roots, func(root *yaml.Node) bool { return root != nil && !saysNothing(root) }), nil
}
