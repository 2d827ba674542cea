package fixes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A place is a node of a file, or of the text that a literal scalar of the file
// holds: an inline patch of a kustomization is YAML inside YAML.
type place struct {
	file     string
	by       string // what the file says there: one of the By constants of overlay
	document int
	// block leads to the literal scalar, nil where the node is the file's own;
	// inner is then the document in its text.
	block yamledit.Path
	inner int
	path  yamledit.Path
	// node is what the place holds, parent what it is in.
	node, parent *yaml.Node
}

// below is the place at steps below this one.
func (s place) below(path ...any) place {
	s.path = append(slices.Clone(s.path), path...)
	s.parent = follow(s.node, path[:len(path)-1])
	s.node = follow(s.node, path)
	return s
}

// above is the mapping or list that the place is in.
func (s place) above() place {
	s.path, s.node = s.path[:len(s.path)-1], s.parent
	return s
}

// add adds a key to the mapping at the place.
func (s place) add(key string, value *yaml.Node) (Edit, error) {
	text, err := print(value)
	return Edit{Op: opAdd, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path), Key: key, Value: text}, err
}

// append adds an item to the list at the place.
func (s place) append(value *yaml.Node) (Edit, error) {
	text, err := print(value)
	return Edit{Op: opAppend, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path), Value: text}, err
}

// insert adds an item to a list, in front of the item at the place.
func (s place) insert(value *yaml.Node) (Edit, error) {
	text, err := print(value)
	return Edit{Op: opInsert, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path), Value: text}, err
}

// set sets the scalar at the place.
func (s place) set(value string) Edit {
	return Edit{Op: opSet, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path), Value: value}
}

// rename gives the key at the place another name.
func (s place) rename(key string) Edit {
	return Edit{Op: opRename, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path), Key: key}
}

// wrap puts the value at the place below a key of a mapping that has the rest too.
func (s place) wrap(key string, rest *yaml.Node) (Edit, error) {
	text, err := print(rest)
	return Edit{Op: opWrap, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path), Key: key, Value: text}, err
}

// nest makes the mapping at the place the only item of a list.
func (s place) nest() Edit {
	return Edit{Op: opNest, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path)}
}

// remove removes the key or item at the place, with what it leaves empty.
func (s place) remove() Edit {
	return Edit{Op: opRemove, Document: s.document, Block: steps(s.block), Inner: s.inner, Path: steps(s.path)}
}

// locate finds the value that a source says.
func (p *Plan) locate(source overlay.Source) (place, error) {
	if !source.Exact || source.Line == 0 {
		return place{}, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which line says this is not known exactly; it may be %s.", source)}
	}
	parsed, err := p.parse(source.Path)
	if err != nil {
		return place{}, err
	}
	roots, err := p.documents(source.Path)
	if err != nil {
		return place{}, err
	}
	if document, at, ok := parsed.At(source.Line, source.Column); ok && document < len(roots) {
		return place{file: source.Path, by: source.By, document: document, node: roots[document]}.below(at...), nil
	}
	if found, ok := locateInPatch(source, roots); ok {
		return found, nil
	}
	return place{}, &NoFix{ReasonText, fmt.Sprintf("%s is inside a block of text that cannot be edited safely.", source)}
}

// locateInPatch finds a position inside an inline patch of a kustomization.
func locateInPatch(source overlay.Source, roots []*yaml.Node) (place, bool) {
	for document, root := range roots {
		for _, block := range inlinePatches(root) {
			lines := strings.Count(block.node.Value, "\n") + 1
			if block.node.Style&yaml.LiteralStyle == 0 || source.Line <= block.node.Line || source.Line > block.node.Line+lines {
				continue
			}
			inner, err := yamledit.Parse([]byte(block.node.Value))
			if err != nil {
				continue
			}
			patches, err := documents([]byte(block.node.Value))
			if err != nil {
				continue
			}
			// How far the text is indented is not kept; no two indents of one
			// text make a value start at the same column.
			for column := source.Column - 1; column > 0; column-- {
				if at, path, ok := inner.At(source.Line-block.node.Line, column); ok && at < len(patches) {
					return place{file: source.Path, by: source.By, document: document, block: block.path, inner: at, node: patches[at]}.below(path...), true
				}
			}
		}
	}
	return place{}, false
}

// A listedPatch is one patch that a kustomization lists.
type listedPatch struct {
	path yamledit.Path // of the scalar that holds the patch, or names its file
	node *yaml.Node
}

// inlinePatches are the patches whose text the kustomization itself holds.
func inlinePatches(root *yaml.Node) []listedPatch {
	var out []listedPatch
	for _, list := range patchLists {
		for i, entry := range items(root, list) {
			if text := child(entry, "patch"); text != nil {
				out = append(out, listedPatch{yamledit.Path{list, i, "patch"}, text})
			} else if entry.Kind == yaml.ScalarNode && strings.Contains(entry.Value, "\n") {
				out = append(out, listedPatch{yamledit.Path{list, i}, entry})
			}
		}
	}
	return out
}

// filePatches are the patches in files, with the file that each names.
func filePatches(root *yaml.Node, folder string) map[string]listedPatch {
	out := map[string]listedPatch{}
	for _, list := range patchLists {
		for i, entry := range items(root, list) {
			if said := child(entry, "path"); said != nil {
				out[path.Join(folder, said.Value)] = listedPatch{yamledit.Path{list, i, "path"}, said}
			} else if entry.Kind == yaml.ScalarNode && !strings.Contains(entry.Value, "\n") {
				out[path.Join(folder, entry.Value)] = listedPatch{yamledit.Path{list, i}, entry}
			}
		}
	}
	return out
}

// documents are the documents of a file, read once.
func (p *Plan) documents(file string) ([]*yaml.Node, error) {
	if roots, ok := p.read.documents[file]; ok {
		return roots, nil
	}
	src, err := p.Snapshot.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	roots, err := documents(src)
	if err != nil {
		return nil, refused(file, err)
	}
	p.read.documents[file] = roots
	return roots, nil
}
