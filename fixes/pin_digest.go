package fixes

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
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
	if err := p.Reach(ctx, said.path); err != nil {
		return nil, err
	}
	reached, err := p.uses(func(u use) (bool, error) { return p.carries(ctx, u, said) })
	if err != nil {
		return nil, err
	}
	if err := p.layer(ctx, reached); err != nil {
		return nil, err
	}
	digest, err := p.digest(reached)
	if err != nil {
		return nil, err
	}
	edit, err := said.pin(digest)
	if err != nil {
		return nil, err
	}
	file, err := change(said.path, said.file, edit)
	if err != nil {
		return nil, err
	}
	fix := &Fix{Files: []FileChange{file}}
	for _, u := range reached {
		before := scalar(u.node, "image")
		after := before + "@" + digest
		if said.dropsTag() {
			repository, _ := splitTag(before)
			after = repository + "@" + digest
		}
		fix.Intent.Changes = append(fix.Intent.Changes, Change{
			Overlay: u.build.Overlay, Object: u.object.Ref, Field: u.field.Append("image"), Before: &before, After: &after,
		})
	}
	return fix, nil
}

// A tagPlace is where a tag is said: a scalar that holds the image, or an
// entry of a kustomization's images.
type tagPlace struct {
	path   string
	line   int
	column int
	file   *yamledit.File
	doc    int
	at     yamledit.Path // of the scalar or the entry
	entry  *yaml.Node    // nil for a scalar
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
	if !source.Exact || source.Line == 0 {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which line says this image is not known exactly; it may be %s.", source)}
	}
	file, err := p.parse(source.Path)
	if err != nil {
		return nil, err
	}
	doc, at, ok := file.At(source.Line, source.Column)
	if !ok {
		return nil, &NoFix{ReasonText, fmt.Sprintf("%s is inside a block of text that cannot be edited safely.", source)}
	}
	place := &tagPlace{path: source.Path, line: source.Line, column: source.Column, file: file, doc: doc, at: at}
	switch source.By {
	case overlay.ByResource, overlay.ByPatch, overlay.ByJSONPatch:
		return place, nil
	case overlay.ByImages:
		place.at, place.entry, err = p.imagesEntry(source.Path, at)
		return place, err
	}
	return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("The image is set by %s at %s, which Kustodian does not edit.", source.By, source)}
}

// imagesEntry is the entry of images that holds the node at a path.
func (p *Plan) imagesEntry(file string, at yamledit.Path) (yamledit.Path, *yaml.Node, error) {
	if len(at) < 2 {
		return nil, nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("No entry of images in %s could be found.", file)}
	}
	src, err := p.Snapshot.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", file, err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		return nil, nil, refused(file, err)
	}
	entry := follow(&document, at[:2])
	if entry == nil || scalar(entry, "name") == "" {
		return nil, nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("No entry of images in %s could be found.", file)}
	}
	return at[:2], entry, nil
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
		if said.is(s) {
			return true, nil
		}
		between, err := p.tagPlace(s)
		if err != nil || between.entry == nil || between.saysTag() {
			return false, nil
		}
	}
	return false, nil
}

func (t *tagPlace) is(source overlay.Source) bool {
	if t.entry == nil {
		return source.Path == t.path && source.Line == t.line && source.Column == t.column
	}
	if source.By != overlay.ByImages || source.Path != t.path {
		return false
	}
	doc, at, ok := t.file.At(source.Line, source.Column)
	return ok && doc == t.doc && len(at) >= 2 && slices.Equal(at[:2], t.at)
}

// saysTag is false of an entry of images that only renames.
func (t *tagPlace) saysTag() bool {
	return t.entry == nil || scalar(t.entry, "newTag") != "" || scalar(t.entry, "digest") != ""
}

// dropsTag reports whether the pinned image has no tag: kustomize drops the
// tag for an entry that has a digest and no newTag.
func (t *tagPlace) dropsTag() bool {
	return t.entry != nil && scalar(t.entry, "newTag") == ""
}

func (t *tagPlace) pin(digest string) (yamledit.Edit, error) {
	switch {
	case t.entry == nil:
		node, err := t.file.Lookup(t.doc, t.at)
		if err != nil {
			return yamledit.Edit{}, refused(t.path, err)
		}
		return yamledit.SetScalar(t.doc, t.at, node.Value+"@"+digest), nil
	case scalar(t.entry, "digest") != "":
		return yamledit.SetScalar(t.doc, append(slices.Clone(t.at), "digest"), digest), nil
	}
	return yamledit.SetScalar(t.doc, append(slices.Clone(t.at), "newTag"), scalar(t.entry, "newTag")+"@"+digest), nil
}

// digest asks what the tag names. One place can say the tag of several images,
// such as an image and its mirror; one digest can serve them only if it is
// that of all.
func (p *Plan) digest(reached []use) (string, error) {
	digest, from := "", ""
	for _, u := range reached {
		image := scalar(u.node, "image")
		if p.leaves(image) {
			return "", &NoFix{ReasonNoPolicy, fmt.Sprintf("The configuration says to leave %s as it is.", image)}
		}
		answer, err := p.Ask(Question{Image: image})
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
