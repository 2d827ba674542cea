package fixes

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// An Edit is one edit of a file as data. Fixes are joined by their edits, not
// by their text: two that each bring a list's first item make one list.
type Edit struct {
	Op       string `json:"op"`
	Document int    `json:"document,omitempty"`
	// Block leads to the literal scalar that is edited inside, empty for none;
	// Inner is the document in its text.
	Block steps  `json:"block,omitempty"`
	Inner int    `json:"inner,omitempty"`
	Path  steps  `json:"path,omitempty"`
	Key   string `json:"key,omitempty"`
	// Value is what opAdd, opAppend and opInsert write, and opWrap besides, as
	// YAML; the scalar of opSet.
	Value string `json:"value,omitempty"`
}

// What an [Edit] does at its path, in Edit.Op.
const (
	opSet    = "set"    // sets a scalar
	opAdd    = "add"    // adds a key to a mapping
	opAppend = "append" // adds an item to a list
	opInsert = "insert" // adds an item in front of the one at the path
	opRemove = "remove" // removes a key or item, and what it leaves empty
	opRename = "rename" // gives a key another name
	opWrap   = "wrap"   // puts a value below a key of a mapping of its own
	opNest   = "nest"   // makes a mapping the only item of a list
)

// steps is a path of keys and indexes that crosses as JSON.
type steps yamledit.Path

func (s *steps) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var path []any
	if err := decoder.Decode(&path); err != nil {
		return err
	}
	for i, step := range path {
		if number, ok := step.(json.Number); ok {
			index, err := strconv.Atoi(number.String())
			if err != nil {
				return fmt.Errorf("a path's index: %w", err)
			}
			path[i] = index
		}
	}
	*s = path
	return nil
}

// yaml is the edit as yamledit makes it.
func (e Edit) yaml() (yamledit.Edit, error) {
	document := e.Document
	if e.Block != nil {
		document = e.Inner
	}
	var edit yamledit.Edit
	path := yamledit.Path(e.Path)
	switch e.Op {
	case opSet:
		edit = yamledit.SetScalar(document, path, e.Value)
	case opNest:
		edit = yamledit.WrapInList(document, path)
	case opWrap:
		var rest yamledit.Map
		if e.Value != "" {
			value, err := e.value()
			if err != nil {
				return edit, err
			}
			rest, _ = value.(yamledit.Map)
		}
		edit = yamledit.WrapInMap(document, path, e.Key, rest)
	case opRename:
		edit = yamledit.RenameKey(document, path, e.Key)
	case opRemove:
		edit = yamledit.Remove(document, path, yamledit.PruneEmpty)
	case opAdd, opAppend, opInsert:
		value, err := e.value()
		if err != nil {
			return edit, err
		}
		switch e.Op {
		case opAdd:
			edit = yamledit.AddKey(document, path, e.Key, value)
		case opAppend:
			edit = yamledit.AppendItem(document, path, value)
		default:
			edit = yamledit.InsertItem(document, path, yamledit.Before, value)
		}
	default:
		return edit, fmt.Errorf("an edit that does %q", e.Op)
	}
	if e.Block != nil {
		return yamledit.InBlockScalar(e.Document, yamledit.Path(e.Block), edit), nil
	}
	return edit, nil
}

func (e Edit) value() (yamledit.Value, error) {
	roots, err := documents([]byte(e.Value))
	if err != nil {
		return nil, fmt.Errorf("reading the value %q: %w", e.Value, err)
	}
	if len(roots) != 1 {
		return nil, fmt.Errorf("the value %q is not one document", e.Value)
	}
	return valueOf(roots[0])
}

// ordered are the edits in an order that leaves the indexes of all true: what
// goes, goes last, and the later first.
func ordered(edits []Edit) []Edit {
	var stays, goes []Edit
	for _, e := range edits {
		same := func(other Edit) bool { return sameEdit(e, other) }
		switch {
		case slices.ContainsFunc(stays, same), slices.ContainsFunc(goes, same):
		case e.Op == opRemove:
			goes = append(goes, e)
		default:
			stays = append(stays, e)
		}
	}
	slices.SortStableFunc(goes, func(a, b Edit) int {
		return cmp.Or(comparePaths(b.Block, a.Block), cmp.Compare(b.Inner, a.Inner), comparePaths(b.Path, a.Path))
	})
	return append(stays, goes...)
}

func sameEdit(a, b Edit) bool {
	return a.Op == b.Op && a.Document == b.Document && slices.Equal(a.Block, b.Block) && a.Inner == b.Inner &&
		slices.Equal(a.Path, b.Path) && a.Key == b.Key && a.Value == b.Value
}

// clashes reports whether one of two edits of a file undoes or hides the other.
func (e Edit) clashes(other Edit) bool {
	if sameEdit(e, other) || e.Document != other.Document || !slices.Equal(e.Block, other.Block) || e.Inner != other.Inner {
		return false
	}
	within := func(above, path steps) bool { return len(path) >= len(above) && slices.Equal(above, path[:len(above)]) }
	replaces := func(e Edit) bool { return e.Op != opAdd && e.Op != opAppend && e.Op != opInsert }
	return replaces(e) && within(e.Path, other.Path) || replaces(other) && within(other.Path, e.Path)
}

// comparePaths orders paths by their indexes; the order of keys is any fixed one.
func comparePaths(a, b steps) int {
	return slices.CompareFunc(a, b, func(a, b any) int {
		i, isIndex := a.(int)
		j, alsoIndex := b.(int)
		if isIndex && alsoIndex {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
}

// edited makes edits of one file's text.
func edited(file string, src []byte, edits []Edit) (yamledit.Result, error) {
	parsed, err := yamledit.Parse(src)
	if err != nil {
		return yamledit.Result{}, refused(file, err)
	}
	var all []yamledit.Edit
	for _, e := range ordered(edits) {
		edit, err := e.yaml()
		if err != nil {
			return yamledit.Result{}, fmt.Errorf("editing %s: %w", file, err)
		}
		all = append(all, edit)
	}
	out, err := parsed.Apply(all...)
	if err != nil {
		return yamledit.Result{}, refused(file, err)
	}
	return out, nil
}

// refused says why a file's text does not allow an edit.
func refused(file string, err error) *NoFix {
	var shared *yamledit.ErrShared
	var alias *yamledit.ErrAlias
	var merged *yamledit.ErrMerged
	reason := ReasonText
	if errors.As(err, &shared) || errors.As(err, &alias) || errors.As(err, &merged) {
		reason = ReasonShared
	}
	return &NoFix{reason, fmt.Sprintf("%s cannot be edited safely here: %v.", file, err)}
}

// valueOf is a node as text to write.
func valueOf(node *yaml.Node) (yamledit.Value, error) {
	node = resolved(node)
	switch {
	case node == nil:
	case node.Kind == yaml.MappingNode:
		var out yamledit.Map
		for i := 0; i+1 < len(node.Content); i += 2 {
			value, err := valueOf(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			out = append(out, yamledit.Item{Key: node.Content[i].Value, Value: value})
		}
		return out, nil
	case node.Kind == yaml.SequenceNode:
		var out yamledit.List
		for _, item := range node.Content {
			value, err := valueOf(item)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	case node.ShortTag() == "!!str":
		return yamledit.String(node.Value), nil
	case node.ShortTag() == "!!bool":
		return yamledit.Bool(node.Value == "true"), nil
	case node.ShortTag() == "!!int":
		if number, err := strconv.Atoi(node.Value); err == nil {
			return yamledit.Int(number), nil
		}
	}
	return nil, &NoFix{ReasonText, "A value of this kind is not one that Kustodian writes."}
}
