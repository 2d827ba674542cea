package fixes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A tagPlace is where a tag is said: a scalar that holds the image, or an
// entry of a kustomization's images.
type tagPlace struct {
	place
	source  overlay.Source
	isEntry bool
}

// whereSaid follows the source to the place that says a part of the image. An
// entry of images that only renames leaves tag and digest to what it overrode.
func (p *Plan) whereSaid(how pinning) (*tagPlace, error) {
	sources := append([]overlay.Source{p.Finding.Source}, p.Finding.Source.Via...)
	for _, source := range sources {
		place, err := p.tagPlace(source)
		if err != nil {
			return nil, err
		}
		if how.says(place) {
			return place, nil
		}
	}
	return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s renames the image, and where its %s is said is not known.", p.Finding.Source, how.part)}
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

// carries reports whether the use's image has a part from the place, perhaps
// through entries of images that only rename.
func (p *Plan) carries(ctx context.Context, u use, said *tagPlace, how pinning) (bool, error) {
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
		if !between.isEntry || how.says(between) {
			return false, nil
		}
	}
	return false, nil
}

func (t *tagPlace) is(other *tagPlace) bool {
	return t.isEntry == other.isEntry && t.file == other.file && t.document == other.document && t.inner == other.inner &&
		slices.Equal(t.block, other.block) && slices.Equal(t.path, other.path)
}

// saysTag is false of an entry of images that only renames, and of an image
// without a tag. People write tags behind new names too.
func (t *tagPlace) saysTag() bool {
	said := scalar(t.node, "newName")
	if !t.isEntry {
		said = t.node.Value
	}
	_, tag := splitTag(unpinned(said))
	return tag != "" || strings.Contains(said, "@") || t.isEntry && (scalar(t.node, "newTag") != "" || scalar(t.node, "digest") != "")
}

// saysDigest is true of an image with a digest, and of an entry that sets one.
func (t *tagPlace) saysDigest() bool {
	if !t.isEntry {
		return strings.Contains(t.node.Value, "@")
	}
	return scalar(t.node, "digest") != "" || strings.Contains(scalar(t.node, "newTag")+scalar(t.node, "newName"), "@")
}

// pin writes a digest in the form that is there: behind the tag, which is the
// one that Renovate raises too, unless the entry has a key for it.
func (t *tagPlace) pin(digest string) Edit {
	switch {
	case !t.isEntry:
		return t.set(unpinned(t.node.Value) + "@" + digest)
	case scalar(t.node, "digest") != "":
		return t.below("digest").set(digest)
	case scalar(t.node, "newTag") == "":
		return t.below("newName").set(unpinned(scalar(t.node, "newName")) + "@" + digest)
	}
	return t.below("newTag").set(unpinned(scalar(t.node, "newTag")) + "@" + digest)
}

// unpinned is an image, or a tag, without its digest.
func unpinned(image string) string {
	image, _, _ = strings.Cut(image, "@")
	return image
}
