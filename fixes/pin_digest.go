package fixes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// pinDigest writes the digest behind the tag, which stays for people to read
// and for tools to raise. The bytes that run are those that run today.
var pinDigest = Recipe{
	Rules: []string{"image-floating", "image-unpinned"},
	Title: "Pin images to digests",
	Mends: []string{pullPolicy},
	Plan: func(ctx context.Context, p *Plan) (*Fix, error) {
		return p.pin(ctx, pinning{
			part: "tag", says: (*tagPlace).saysTag, byRenovate: renovatePins,
			has: func(u use) (bool, error) { return p.HasFinding(ctx, u.build, u.object, u.field.Append("image")) },
		})
	},
}

// pinLost writes a digest behind the tag that took the one below it away.
var pinLost = Recipe{
	Rules: []string{"image-pin-lost"},
	Title: "Pin images to digests",
	Plan: func(ctx context.Context, p *Plan) (*Fix, error) {
		return p.pin(ctx, pinning{
			part: "tag", says: (*tagPlace).saysTag, byRenovate: renovatePins,
			// The finding is of the entry: it has whatever gets its tag from there.
			has: func(u use) (bool, error) { return !strings.Contains(scalar(u.node, "image"), "@"), nil },
		})
	},
}

// A pinning is how a recipe has digests written.
type pinning struct {
	part string // of the image, whose place the digest goes to, as people call it
	says func(*tagPlace) bool
	// has reports whether the image of a use has the finding.
	has        func(use) (bool, error)
	byRenovate renovateUpdate // by which it does the same
}

func (p *Plan) pin(ctx context.Context, how pinning) (*Fix, error) {
	said, err := p.whereSaid(how)
	if err != nil {
		return nil, err
	}
	if err := p.Reach(ctx, said.file); err != nil {
		return nil, err
	}
	carry, err := p.usesAmong(p.imagesIn, func(u use) (bool, error) { return p.carries(ctx, u, said, how) })
	if err != nil {
		return nil, err
	}
	var all []reached
	for _, u := range carry {
		has, err := how.has(u)
		if err != nil {
			return nil, err
		}
		r := reached{use: u, gets: "pinned", changed: u.field.Append("image")}
		if has {
			r.wants = r.gets
		}
		all = append(all, r)
	}
	layers, err := p.layer(ctx, overlay.Source{Path: said.file, By: said.by}, all, p.editable(said.file))
	if err != nil {
		return nil, err
	}
	if all, err = p.sameImage(ctx, layers, all, how); err != nil {
		return nil, err
	}
	for _, layer := range layers {
		by := said.by
		if !layer.atSource {
			by = overlay.ByImages
		}
		if err := p.renovated(by, layer.Path, all, how.byRenovate); err != nil {
			return nil, err
		}
	}
	// Both questions are asked at once, so that one more plan has all answers.
	byHand := p.writtenByHand(ctx, said.place, all)
	if byHand != nil && !errors.Is(byHand, ErrAsked) {
		return nil, byHand
	}
	digest, notes, err := p.digest(all)
	if err := cmp.Or(err, byHand); err != nil {
		return nil, err
	}
	changes := newChanges()
	for i, layer := range layers {
		if layer.atSource {
			changes.add(said.file, said.pin(digest))
			continue
		}
		layers[i].By = overlay.ByImages
		if err := p.pinAbove(changes, layer, all, digest); err != nil {
			return nil, err
		}
	}
	fix := &Fix{Layers: layers, Notes: notes}
	for _, r := range all {
		before := scalar(r.node, "image")
		after := unpinned(before) + "@" + digest
		if r.wants != "" {
			fix.Intent.Changes = append(fix.Intent.Changes, Change{
				Overlay: r.build.Overlay, Object: r.object.Ref, Field: r.field.Append("image"), Before: &before, After: &after,
			})
		}
	}
	if err := p.fitPull(ctx, fix, changes, all); err != nil {
		return nil, err
	}
	fix.Files, err = changes.files(p)
	return fix, err
}

// sameImage adds the containers that an entry above what says the image sets
// too: those of the image in the objects that its kustomization lists. All of
// them must want it.
func (p *Plan) sameImage(ctx context.Context, layers []Layer, all []reached, how pinning) ([]reached, error) {
	wanted := map[string]bool{} // by overlay and image
	for _, r := range all {
		if r.wants != "" {
			wanted[r.build.Overlay+" "+unpinned(scalar(r.node, "image"))] = true
		}
	}
	for _, layer := range layers {
		if layer.atSource {
			continue
		}
		more, err := p.usesAmong(p.imagesIn, func(u use) (bool, error) {
			known := slices.ContainsFunc(all, func(r reached) bool {
				return r.build == u.build && r.object == u.object && slices.Equal(r.field, u.field)
			})
			if known || !slices.Contains(layer.Overlays, u.build.Overlay) || !wanted[u.build.Overlay+" "+unpinned(scalar(u.node, "image"))] || len(u.object.Documents) == 0 {
				return false, nil
			}
			depth, err := p.above(layer.Path, u.object.Documents[0].Path, map[string]bool{})
			return depth >= 0, err
		})
		if err != nil {
			return nil, err
		}
		for _, u := range more {
			r := reached{use: u, wants: "pinned", gets: "pinned", changed: u.field.Append("image")}
			has, err := how.has(u)
			if err != nil {
				return nil, err
			}
			if !has {
				r.wants = ""
				return nil, &NoFix{ReasonSpreads, harm(overlay.Source{Path: layer.Path}, r)}
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// pinAbove pins the images of a layer that are said below it, by an entry of
// its images.
func (p *Plan) pinAbove(to *fileChanges, layer Layer, all []reached, digest string) error {
	root, err := p.kustomization(layer.Path)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.wants == "" || r.build.Overlay != layer.Overlays[0] {
			continue
		}
		name, tag := splitTag(unpinned(scalar(r.node, "image")))
		if _, entry := indexOf(items(root, "images"), name); entry != nil {
			return &NoFix{ReasonConflict, fmt.Sprintf("%s has an entry for %s already, which does not say its tag.", layer.Path, name)}
		}
		entry := &yaml.Node{Kind: yaml.MappingNode}
		set(entry, name, "name")
		if tag == "" {
			set(entry, digest, "digest")
		} else {
			set(entry, tag+"@"+digest, "newTag")
		}
		edit, err := place{path: []any{"images"}}.append(entry)
		if err != nil {
			return err
		}
		to.add(layer.Path, edit)
		return nil
	}
	return fmt.Errorf("no image of %s for an entry in %s", layer.Overlays[0], layer.Path)
}
