package fixes

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A patched is a patch file that loses variables.
type patched struct {
	owner string // the kustomization that lists it
	items []envItem
}

// An envItem is one item of a list of variables in a file.
type envItem struct {
	doc   int
	list  yamledit.Path
	index int
}

// liftPatch takes a variable out of a patch.
func (l *lift) liftPatch(s overlay.Source, name, base string) error {
	if s.By != overlay.ByPatch || !s.Exact {
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s is set by %s at %s, which cannot be moved.", name, s.By, s)}
	}
	if slices.Contains(kustomizationNames, path.Base(s.Path)) {
		return &NoFix{ReasonText, fmt.Sprintf("%s is patched at %s inside a kustomization; move the patch to a file first.", name, s)}
	}
	owner, err := l.patchOwner(s.Path)
	if err != nil {
		return err
	}
	if owner == base {
		return &NoFix{ReasonText, fmt.Sprintf("%s is patched at %s in the kustomization that its workload is in.", name, s)}
	}
	file, err := l.parse(s.Path)
	if err != nil {
		return err
	}
	doc, at, ok := file.At(s.Line, s.Column)
	if !ok || len(at) < 3 {
		return &NoFix{ReasonText, fmt.Sprintf("%s is inside a block of text that cannot be edited safely.", s)}
	}
	index, ok := at[len(at)-2].(int) // … env, index, value
	if !ok {
		return &NoFix{ReasonText, fmt.Sprintf("%s is no item of a list of variables.", s)}
	}
	value, err := file.Lookup(doc, at)
	if err != nil {
		return refused(s.Path, err)
	}
	said := literal{name, value.Value}
	if slices.Contains(l.literals[owner], said) {
		return nil
	}
	l.literals[owner] = append(l.literals[owner], said)
	if l.patches[s.Path] == nil {
		l.patches[s.Path] = &patched{owner: owner}
	}
	l.patches[s.Path].items = append(l.patches[s.Path].items, envItem{doc, at[:len(at)-2], index})
	return nil
}

// patchOwner is the kustomization that lists a patch; a patch that sets many
// variables is looked for once.
func (l *lift) patchOwner(file string) (string, error) {
	if known := l.patches[file]; known != nil {
		return known.owner, nil
	}
	return l.lister(file, patchLists...)
}

// removals are the edits that take the items out: the whole list at once where
// none stays, else the last first, so that no index moves.
func removals(root func(doc int) *yaml.Node, taken []envItem) []yamledit.Edit {
	slices.SortFunc(taken, func(a, b envItem) int { return cmp.Or(cmp.Compare(a.doc, b.doc), cmp.Compare(b.index, a.index)) })
	var edits []yamledit.Edit
	for i, item := range taken {
		same := 0
		for _, other := range taken {
			if other.doc == item.doc && slices.Equal(other.list, item.list) {
				same++
			}
		}
		if list := follow(root(item.doc), item.list); list == nil || len(list.Content) > same {
			edits = append(edits, yamledit.Remove(item.doc, append(slices.Clone(item.list), item.index)))
		} else if i == slices.IndexFunc(taken, func(other envItem) bool { return other.doc == item.doc && slices.Equal(other.list, item.list) }) {
			edits = append(edits, yamledit.Remove(item.doc, item.list, yamledit.PruneEmpty))
		}
	}
	return edits
}

// editPatches takes the variables out of the patches, and deletes those that
// say nothing any more.
func (l *lift) editPatches() error {
	for _, file := range sortedKeys(l.patches) {
		src, err := l.Snapshot.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		before, err := documents(src)
		if err != nil {
			return refused(file, err)
		}
		parsed, err := l.parse(file)
		if err != nil {
			return err
		}
		edits := removals(func(doc int) *yaml.Node { return before[doc] }, l.patches[file].items)
		edited, err := parsed.Apply(edits...)
		if err != nil {
			return refused(file, err)
		}
		after, err := documents(edited.Bytes)
		if err != nil {
			return refused(file, err)
		}
		l.edits.add(file, edits...)
		if !slices.ContainsFunc(after, func(root *yaml.Node) bool { return root != nil && !saysNothing(root) }) {
			if err := l.dropPatch(file, l.patches[file].owner); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropPatch deletes a patch and its entry.
func (l *lift) dropPatch(file, owner string) error {
	root, err := l.kustomization(owner)
	if err != nil {
		return err
	}
	for _, list := range patchLists {
		for i, entry := range items(root, list) {
			if namesFile(entry, path.Dir(owner), file) {
				l.edits.add(owner, yamledit.Remove(0, yamledit.Path{list, i}, yamledit.PruneEmpty))
			}
		}
	}
	l.edits.remove(file)
	return nil
}

// saysNothing reports whether a patch only names what it would change.
func saysNothing(node *yaml.Node) bool {
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		switch node.Content[i].Value {
		case "apiVersion", "kind", "name", "namespace":
		default:
			if !saysNothing(resolved(node.Content[i+1])) {
				return false
			}
		}
	}
	for i := 0; i < len(node.Content) && node.Kind == yaml.SequenceNode; i++ {
		if !saysNothing(resolved(node.Content[i])) {
			return false
		}
	}
	return node.Kind != yaml.ScalarNode
}
