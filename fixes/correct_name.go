package fixes

import (
	"context"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

// correctName puts the right word in place of a misspelt kind, field or word of
// an enumeration, where only one can be meant and nothing has its place.
var correctName = Recipe{
	Rules: []string{"schema"},
	Title: "Correct misspelt names",
	Plan:  planName,
}

func planName(ctx context.Context, p *Plan) (*Fix, error) {
	_, object := p.found()
	if object == nil {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", p.Finding.Origin)}
	}
	fault, ok := p.misspelt(object)
	switch {
	case !ok && slices.Contains([]string{schema.ReasonType, schema.ReasonRequired, schema.ReasonVersion}, p.Finding.Reason):
		return nil, &NoFix{ReasonNoRecipe, "Which value is meant is the owner's to say; the finding says what the API takes."}
	case !ok:
		return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("%s of %s is nothing that the API has, and which word is meant cannot be told for certain.", p.Finding.Field, p.Finding.Origin)}
	}
	said, err := p.locate(p.Finding.Source)
	if err != nil {
		return nil, err
	}
	if err := p.editable(said.file); err != nil {
		return nil, err
	}
	edit := said.set(fault.Near)
	if fault.Reason == schema.ReasonField {
		// The source of a mapping is what stands first in it.
		for len(said.path) > 0 && said.path[len(said.path)-1] != fault.Field.Last() {
			said.path = said.path[:len(said.path)-1]
		}
		edit = said.rename(fault.Near)
	}
	if len(said.path) == 0 || said.path[len(said.path)-1] != fault.Field.Last() {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not say %s by its name.", p.Finding.Source, fault.Field)}
	}
	if err := p.Reach(ctx, said.file); err != nil {
		return nil, err
	}
	fix := &Fix{Notes: []string{fmt.Sprintf("So far the cluster refuses %s, or drops what it does not know of it; from this on it counts.", p.Finding.Origin)}}
	hit := p.correct(fix, said.file)
	fix.Layers = []Layer{{Path: said.file, By: said.by, Overlays: overlaysOf(hit), Why: atSource(p.Finding.Source, hit), atSource: true}}
	changes := newChanges()
	changes.add(said.file, edit)
	fix.Files, err = changes.files(p)
	return fix, err
}

// misspelt is the finding's fault in an object, where the word to write instead
// is certain. Custom resources are left to those who know their version.
func (p *Plan) misspelt(o *overlay.Object) (schema.Fault, bool) {
	for _, fault := range schema.Check(o.Node, nil) {
		if fault.Sure && fault.Reason == p.Finding.Reason && fault.Field.String() == p.Finding.Field.String() {
			return fault, true
		}
	}
	return schema.Fault{}, false
}

// correct declares what the right word changes in each overlay that reads the
// file and has the fault; it returns those.
func (p *Plan) correct(fix *Fix, file string) []reached {
	var hit []reached
	for _, name := range sortedKeys(p.Builds) {
		build := p.Builds[name]
		if _, reads := build.Reads[file]; !reads {
			continue
		}
		for _, o := range build.Objects {
			fault, ok := p.misspelt(o)
			if o.Origin != p.Finding.Origin || !ok {
				continue
			}
			hit = append(hit, reached{use: use{build, container{object: o}}})
			fix.Intent.Changes = append(fix.Intent.Changes, corrected(build, o, fault)...)
		}
	}
	return hit
}

// corrected are the changes of an object that says the right word.
func corrected(build *overlay.Build, o *overlay.Object, fault schema.Fault) []Change {
	names := stableNames(build)
	is := &overlay.Object{Ref: o.Ref, Node: renamed(o.Node, names)}
	switch at := is.Lookup(fault.Field.Parent()); fault.Reason {
	case schema.ReasonField:
		for i := 0; i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == fault.Field.Last() {
				at.Content[i].Value = fault.Near
			}
		}
	default:
		is.Lookup(fault.Field).Value = fault.Near
	}
	is.Ref.APIVersion, is.Ref.Kind = scalar(is.Node, "apiVersion"), scalar(is.Node, "kind")
	p := pair{ref: o.Ref, before: &side{o.Node, renamed(o.Node, names)}, after: &side{is.Node, is.Node}}
	if is.Ref == o.Ref {
		return p.changes(build.Overlay)
	}
	// Another kind is another object: the one goes, and the other appears.
	goes, appears := p, p
	goes.after, appears.before, appears.ref = nil, nil, is.Ref
	return append(goes.changes(build.Overlay), appears.changes(build.Overlay)...)
}
