package workloads

import (
	"github.com/kustodian/kustodian/fixes/yamledit"
)

// An inner is an edit made in the text of an inline patch.
type inner struct {
	edit     yamledit.Edit
	undo     *yamledit.Edit
	old, new int
}

// inside is the work of an edit in an inline patch; make returns it for the
// patch's own root.
func (s site) inside(make func(file *yamledit.File, root *yamledit.Node) (inner, bool)) (work, bool) {
	if len(s.path) < 3 || s.path[len(s.path)-1] != "patch" || s.node.Kind != yamledit.ScalarNode {
		return work{}, false
	}
	file, err := yamledit.Parse([]byte(s.node.Value))
	if err != nil {
		return work{}, false
	}
	root, err := file.Lookup(0, nil)
	if err != nil {
		return work{}, false
	}
	in, ok := make(file, root)
	if !ok {
		return work{}, false
	}
	// What the edit makes of the text alone, it must make of it in its place.
	result, err := file.Apply(in.edit)
	if err != nil {
		return work{}, false
	}
	w := work{
		edit:  yamledit.InBlockScalar(s.doc, s.path, in.edit),
		place: s.path, change: func(any) any { return string(result.Bytes) },
		old: in.old, new: in.new,
	}
	if in.undo != nil {
		undo := yamledit.InBlockScalar(s.doc, s.path, *in.undo)
		w.undo = &undo
	}
	return w, true
}

func insideAdd(s site) (work, bool) {
	return s.inside(func(_ *yamledit.File, root *yamledit.Node) (inner, bool) {
		undo := yamledit.Remove(0, yamledit.Path{"kustodian"})
		add := yamledit.AddKey(0, nil, "kustodian", yamledit.Map{{Key: "requests", Value: requests}})
		return inner{add, &undo, 0, 4}, root.Kind == yamledit.MappingNode && len(root.Children) > 0
	})
}

// leaf is the first text below a node that is no inner text itself.
func leaf(n *yamledit.Node, at yamledit.Path) (yamledit.Path, *yamledit.Node, bool) {
	if n.Kind == yamledit.ScalarNode {
		return at, n, n.Tag == "!!str" && n.Line == n.EndLine && n.Value != ""
	}
	for i, child := range n.Children {
		var step any = i
		if n.Kind == yamledit.MappingNode {
			if i%2 == 0 {
				continue
			}
			step = n.Children[i-1].Value
		}
		if path, found, ok := leaf(child, append(at[:len(at):len(at)], step)); ok {
			return path, found, true
		}
	}
	return nil, nil, false
}

func insideSet(s site) (work, bool) {
	return s.inside(func(_ *yamledit.File, root *yamledit.Node) (inner, bool) {
		path, n, ok := leaf(root, nil)
		if !ok {
			return inner{}, false
		}
		undo := yamledit.SetScalar(0, path, n.Value)
		return inner{yamledit.SetScalar(0, path, n.Value+"x"), &undo, 1, 1}, true
	})
}

// longList is the first list below a node with an item or more.
func longList(n *yamledit.Node, at yamledit.Path) (yamledit.Path, *yamledit.Node, bool) {
	if n.Kind == yamledit.SequenceNode && len(n.Children) > 0 {
		return at, n, true
	}
	if n.Kind != yamledit.MappingNode {
		return nil, nil, false
	}
	for i := 1; i < len(n.Children); i += 2 {
		if path, found, ok := longList(n.Children[i], append(at[:len(at):len(at)], n.Children[i-1].Value)); ok {
			return path, found, true
		}
	}
	return nil, nil, false
}

func insideAppend(s site) (work, bool) {
	return s.inside(func(_ *yamledit.File, root *yamledit.Node) (inner, bool) {
		path, n, ok := longList(root, nil)
		if !ok {
			return inner{}, false
		}
		undo := yamledit.Remove(0, append(path[:len(path):len(path)], len(n.Children)))
		return inner{yamledit.AppendItem(0, path, yamledit.String("kustodian")), &undo, 0, 1}, true
	})
}

func insideRemove(s site) (work, bool) {
	return s.inside(func(_ *yamledit.File, root *yamledit.Node) (inner, bool) {
		path, n, ok := longList(root, nil)
		if !ok || len(n.Children) < 2 {
			return inner{}, false
		}
		return inner{yamledit.Remove(0, append(path[:len(path):len(path)], 0)), nil, 1 << 30, 1}, true
	})
}
