package fixes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
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
	Plan:  planDigest,
}

func planDigest(ctx context.Context, p *Plan) (*Fix, error) {
	said, err := p.whereTagIsSaid()
	if err != nil {
		return nil, err
	}
	if err := p.Reach(ctx, said.file); err != nil {
		return nil, err
	}
	carry, err := p.uses(func(u use) (bool, error) { return p.carries(ctx, u, said) })
	if err != nil {
		return nil, err
	}
	var all []reached
	for _, u := range carry {
		has, err := p.HasFinding(ctx, u.build, u.object, u.field.Append("image"))
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
	// Both questions are asked at once, so that one more plan has all answers.
	byHand := p.writtenByHand(ctx, said.place, all)
	if byHand != nil && !errors.Is(byHand, ErrAsked) {
		return nil, byHand
	}
	digest, err := p.digest(all)
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
	fix := &Fix{Layers: layers}
	for _, r := range all {
		before := scalar(r.node, "image")
		after := before + "@" + digest
		if layers[0].atSource && said.dropsTag() {
			repository, _ := splitTag(before)
			after = repository + "@" + digest
		}
		if r.wants != "" {
			fix.Intent.Changes = append(fix.Intent.Changes, Change{
				Overlay: r.build.Overlay, Object: r.object.Ref, Field: r.field.Append("image"), Before: &before, After: &after,
			})
		}
	}
	fix.Files, err = changes.files(p)
	return fix, err
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
		name, tag := splitTag(scalar(r.node, "image"))
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

// A tagPlace is where a tag is said: a scalar that holds the image, or an
// entry of a kustomization's images.
type tagPlace struct {
	place
	source  overlay.Source
	isEntry bool
}

// whereTagIsSaid follows the source to the place that says the tag. An entry
// of images that only renames leaves the tag to what it overrode.
func (p *Plan) whereTagIsSaid() (*tagPlace, error) {
	sources := append([]overlay.Source{p.Finding.Source}, p.Finding.Source.Via...)
	for _, source := range sources {
		place, err := p.tagPlace(source)
		if err != nil {
			return nil, err
		}
		if place.saysTag() {
			return place, nil
		}
	}
	return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s renames the image, and where its tag is said is not known.", p.Finding.Source)}
}

func (p *Plan) tagPlace(source overlay.Source) (*tagPlace, error) {
	said, err := p.locate(source)
	if err != nil {
		return nil, err
	}
	switch source.By {
	case overlay.ByResource, overlay.ByPatch, overlay.ByJSONPatch:
		if said.node == nil || said.node.Kind != yaml.ScalarNode {
			break
		}
		return &tagPlace{place: said, source: source}, nil
	case overlay.ByImages:
		return p.imagesEntry(said, source)
	}
	return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("The image is set by %s at %s, which Kustodian does not edit.", source.By, source)}
}

// imagesEntry is the entry of images that a place is in.
func (p *Plan) imagesEntry(said place, source overlay.Source) (*tagPlace, error) {
	missing := &NoFix{ReasonNotPlaced, fmt.Sprintf("No entry of images in %s could be found.", source.Path)}
	if len(said.path) < 2 {
		return nil, missing
	}
	roots, err := p.documents(source.Path)
	if err != nil {
		return nil, err
	}
	entry := place{file: said.file, by: said.by, document: said.document, node: roots[said.document]}.below(said.path[:2]...)
	if scalar(entry.node, "name") == "" {
		return nil, missing
	}
	return &tagPlace{place: entry, source: source, isEntry: true}, nil
}

// carries reports whether the use's image has its tag from the place, perhaps
// through entries of images that only rename.
func (p *Plan) carries(ctx context.Context, u use, said *tagPlace) (bool, error) {
	if child(u.node, "image") == nil {
		return false, nil
	}
	source, err := u.build.Explain(ctx, u.object, u.field.Append("image"))
	if err != nil {
		return false, err
	}
	for _, s := range append([]overlay.Source{source}, source.Via...) {
		between, err := p.tagPlace(s)
		if err != nil {
			return false, nil // another place, which Kustodian does not edit
		}
		if said.is(between) {
			return true, nil
		}
		if !between.isEntry || between.saysTag() {
			return false, nil
		}
	}
	return false, nil
}

func (t *tagPlace) is(other *tagPlace) bool {
	return t.isEntry == other.isEntry && t.file == other.file && t.document == other.document && t.inner == other.inner &&
		slices.Equal(t.block, other.block) && slices.Equal(t.path, other.path)
}

// saysTag is false of an entry of images that only renames.
func (t *tagPlace) saysTag() bool {
	return !t.isEntry || scalar(t.node, "newTag") != "" || scalar(t.node, "digest") != ""
}

// dropsTag reports whether the pinned image has no tag: kustomize drops the
// tag for an entry that has a digest and no newTag.
func (t *tagPlace) dropsTag() bool { return t.isEntry && scalar(t.node, "newTag") == "" }

func (t *tagPlace) pin(digest string) Edit {
	switch {
	case !t.isEntry:
		return t.set(t.node.Value + "@" + digest)
	case scalar(t.node, "digest") != "":
		return t.below("digest").set(digest)
	}
	return t.below("newTag").set(scalar(t.node, "newTag") + "@" + digest)
}

// digest asks what the tag names. One place can say the tag of several images,
// such as an image and its mirror; one digest can serve them only if it is
// that of all.
func (p *Plan) digest(all []reached) (string, error) {
	digest, from := "", ""
	for _, u := range all {
		image := scalar(u.node, "image")
		if p.leaves(image) {
			return "", &NoFix{ReasonNoPolicy, fmt.Sprintf("The configuration says to leave %s as it is.", image)}
		}
		answer, err := p.Ask(Question{Image: image, Mirror: p.Policy.Mirror})
		switch {
		case err != nil:
			return "", err
		case answer.Offline:
			return "", &NoFix{ReasonOffline, fmt.Sprintf("The digest of %s is its registry's to say, and no registry is asked here.", image)}
		case answer.Error != "":
			return "", &NoFix{ReasonRegistry, fmt.Sprintf("The digest of %s is not known: %s.", image, strings.TrimSuffix(answer.Error, "."))}
		case digest != "" && digest != answer.Digest:
			return "", &NoFix{ReasonSpreads, fmt.Sprintf("One place says the tag of %s and of %s, which are different images now.", from, image)}
		}
		digest, from = answer.Digest, image
	}
	return digest, nil
}

// leaves reports whether the configuration keeps an image from being pinned.
func (p *Plan) leaves(image string) bool {
	repository, _ := splitTag(image)
	return slices.ContainsFunc(p.Policy.LeaveImages, func(pattern string) bool {
		whole, _ := path.Match(pattern, image)
		name, _ := path.Match(pattern, repository)
		return whole || name
	})
}

// splitTag parts an image from its tag, "" for none.
func splitTag(image string) (repository, tag string) {
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}
