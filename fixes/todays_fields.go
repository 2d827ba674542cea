package fixes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// todaysFields writes what a kustomization says in deprecated fields as it is
// written today. No build may change by it, to the last field.
var todaysFields = Recipe{
	Rules: []string{"kustomize-deprecated"},
	Title: "Replace deprecated fields of kustomizations",
	Plan:  planTodaysField,
}

// A succession is what took the place of a deprecated field.
type succession struct {
	to string // the field of today
	by string // what it sets: one of the By constants
	// item is the key that an entry gets behind its dash, "" for entries that
	// are written as they were.
	item string
	// first is set where its entries counted before those of today's field.
	first bool
}

// successions are the fields that have one, by their names in small letters.
var successions = map[string]succession{
	"bases":                 {to: "resources", by: overlay.ByResource},
	"imagetags":             {to: "images", by: overlay.ByImages},
	"patchesjson6902":       {to: "patches", by: overlay.ByJSONPatch},
	"patchesstrategicmerge": {to: "patches", by: overlay.ByPatch, item: "path", first: true},
	"commonlabels":          {to: "labels", by: overlay.ByLabels},
	"vars":                  {to: "replacements", by: overlay.ByReplacement},
}

func planTodaysField(ctx context.Context, p *Plan) (*Fix, error) {
	file, field := p.Finding.Source.Path, p.Finding.Reason
	root, err := p.kustomization(file)
	if err != nil {
		return nil, err
	}
	next, ok := successions[strings.ToLower(field)]
	if !ok {
		return nil, &NoFix{ReasonNoRecipe, fmt.Sprintf("What takes the place of %s depends on what each of its entries is for.", field)}
	}
	if child(root, field) == nil {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not say %s at its top.", file, field)}
	}
	if len(p.Builds) == 0 {
		return nil, &NoFix{ReasonNotBuilt, fmt.Sprintf("No overlay that reads %s builds, so nobody can see that an edit changes nothing.", file)}
	}
	edits, err := p.succeedAll(ctx, place{file: file, by: next.by, node: root}, next.to)
	if err != nil {
		return nil, err
	}
	changes := newChanges()
	changes.add(file, edits...)
	fix := &Fix{Notes: []string{"No build changes: this only writes the same in today's words."}}
	fix.Layers = []Layer{{Path: file, By: next.by, Overlays: sortedKeys(p.Builds), Why: fmt.Sprintf("%s says it.", file), atSource: true}}
	fix.Files, err = changes.files(p)
	return fix, err
}

// succeedAll are the edits that write all fields of a kustomization that one
// field took the place of as that field, so that there is one of it.
func (p *Plan) succeedAll(ctx context.Context, root place, to string) ([]Edit, error) {
	var old []place
	for i := 0; i+1 < len(root.node.Content); i += 2 {
		if key := root.node.Content[i].Value; successions[strings.ToLower(key)].to == to {
			old = append(old, root.below(key))
		}
	}
	next := func(of place) succession { return successions[strings.ToLower(of.path[0].(string))] }
	slices.SortStableFunc(old, func(a, b place) int {
		switch {
		case next(a).first == next(b).first:
			return 0
		case next(a).first:
			return -1
		}
		return 1
	})
	if to == "replacements" {
		return p.replaceVars(ctx, old[0])
	}
	var edits []Edit
	for _, field := range old {
		more, err := p.succeed(field, next(field), len(edits) > 0)
		var noFix *NoFix
		if errors.As(err, &noFix) && field.path[0] != p.Finding.Reason {
			continue // it stays beside the others, and its own finding says why
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// succeed are the edits that write a field of a kustomization as its successor:
// in its place, or behind what the successor has already. follows is set where
// another field is written so before.
func (p *Plan) succeed(old place, next succession, follows bool) ([]Edit, error) {
	field := old.path[0].(string)
	said, err := p.lines(old)
	if err != nil {
		return nil, err
	}
	if next.item != "" && commentedEntry.Match(said) {
		return nil, &NoFix{ReasonText, fmt.Sprintf("Entries of %s in %s are commented out, and would be in the form of %s when they come back.", field, old.file, field)}
	}
	if child(old.parent, next.to) == nil && !follows {
		edits, err := inTodaysForm(old, next)
		return append(edits, old.rename(next.to)), err
	}
	entries, err := entriesOfToday(old.node, next)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	list := place{file: old.file, node: old.parent}.below(next.to)
	for _, entry := range entries {
		edit, err := list.append(entry)
		if next.first && list.node != nil && len(list.node.Content) > 0 {
			edit, err = list.below(len(edits)).insert(entry)
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit)
	}
	edits = append(edits, old.remove())
	return edits, p.keepsComments(old, edits)
}

// commentedEntry is an entry of a list that somebody has commented out.
var commentedEntry = regexp.MustCompile(`(?m)^\s*#\s*- `)

// lines are the lines from a kustomization's field to the next one.
func (p *Plan) lines(field place) ([]byte, error) {
	src, err := p.Snapshot.ReadFile(field.file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", field.file, err)
	}
	all := bytes.SplitAfter(src, []byte("\n"))
	for i := 0; i+1 < len(field.parent.Content); i += 2 {
		if key := field.parent.Content[i]; key.Value == field.path[0] {
			end := len(all)
			if i+2 < len(field.parent.Content) {
				end = field.parent.Content[i+2].Line - 1
			}
			return bytes.Join(all[key.Line-1:max(end, key.Line)], nil), nil
		}
	}
	return nil, nil
}

// inTodaysForm are the edits that give the entries of a field today's form
// where they stand.
func inTodaysForm(old place, next succession) ([]Edit, error) {
	if next.to == "labels" {
		wrap, err := old.wrap("pairs", includeSelectors())
		return []Edit{wrap, old.nest()}, err
	}
	var edits []Edit
	for i, entry := range items(old.node) {
		if next.item == "" {
			continue
		}
		edit, err := old.below(i).wrap(keyOfPatch(entry), nil)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit)
	}
	return edits, nil
}

// entriesOfToday are the entries of a field as its successor has them.
func entriesOfToday(old *yaml.Node, next succession) ([]*yaml.Node, error) {
	if next.to == "labels" {
		entry := &yaml.Node{Kind: yaml.MappingNode}
		put(entry, old, "pairs")
		return []*yaml.Node{filled(entry, includeSelectors())}, nil
	}
	var out []*yaml.Node
	for _, entry := range items(old) {
		if next.item != "" {
			whole := &yaml.Node{Kind: yaml.MappingNode}
			put(whole, entry, keyOfPatch(entry))
			entry = whole
		}
		out = append(out, entry)
	}
	return out, nil
}

// keyOfPatch is the key of an entry of patchesStrategicMerge: it is a patch
// itself, or names its file.
func keyOfPatch(entry *yaml.Node) string {
	if strings.Contains(entry.Value, "\n") {
		return "patch"
	}
	return "path"
}

// includeSelectors is what commonLabels did, and labels do when told to.
func includeSelectors() *yaml.Node {
	tree := &yaml.Node{Kind: yaml.MappingNode}
	put(tree, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}, "includeSelectors")
	return tree
}
