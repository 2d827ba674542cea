package overlay

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// missing finds a reference to what is not there, or is of the wrong sort.
func (f *failure) missing() *BuildError {
	for _, k := range f.closure.kustomizations {
		for _, ref := range k.refs {
			target := path.Join(k.dir, ref.text)
			at, err := f.snapshot.resolve(target)
			switch {
			case errors.Is(err, fs.ErrNotExist) && (ref.role == roleComponent || !f.snapshot.standsIn(target)):
				return f.at(k.path, ref.node, ReasonMissing, fmt.Sprintf("%s is not there", target), f.near(k, ref, target))
			case err != nil:
				continue
			}
			if message, hint := f.unfit(ref, at); message != "" {
				reason := ReasonInvalid
				if strings.Contains(message, "has no kustomization") {
					reason = ReasonMissing
				}
				return f.at(k.path, ref.node, reason, message, hint)
			}
		}
	}
	return nil
}

// unfit says what is wrong with what a reference leads to, "" for nothing.
func (f *failure) unfit(ref reference, at found) (message, hint string) {
	switch {
	case at.kind == Folder && (ref.role == roleResource || ref.role == roleComponent):
		inner, names, err := f.snapshot.kustomizationIn(at.path)
		switch {
		case err == nil && len(names) == 0:
			return fmt.Sprintf("the folder %s has no kustomization", at.path), cmp.Or(f.alike(at.path), "add one, or list its files")
		case inner == nil || inner.root == nil:
		case ref.role == roleComponent && !inner.component:
			return fmt.Sprintf("%s is no Component", at.path), "list it under resources"
		case ref.role == roleResource && inner.component:
			return fmt.Sprintf("%s is a Component", at.path), "list it under components"
		}
	case at.kind == Folder && (ref.role == roleData || ref.role == roleEnv):
		return fmt.Sprintf("%s is a folder", at.path), "list its files, each as an entry"
	case at.kind == Folder && (ref.role == rolePatch || ref.role == roleOther):
		return fmt.Sprintf("%s is a folder", at.path), "name a file in it"
	case at.kind != Folder && ref.role == roleComponent:
		return fmt.Sprintf("%s is a file, a component is a folder", at.path), "name the folder that it is in"
	case at.kind != Folder && ref.role == roleResource && slices.Contains(kustomizationNames, path.Base(at.path)):
		return fmt.Sprintf("%s is a kustomization, not a file of objects", at.path), "list its folder, " + path.Dir(ref.text)
	}
	return "", ""
}

// near is a hint at what a missing path may mean: a like name beside it, or
// the same name elsewhere, or a file that somebody else makes.
func (f *failure) near(k *kustomization, ref reference, target string) string {
	// The first folder of the path that is not there is the one misspelt.
	at := target
	for path.Dir(at) != "." {
		if kinds, err := f.snapshot.folder(path.Dir(at)); err == nil && kinds != nil {
			break
		}
		at = path.Dir(at)
	}
	if kinds, err := f.snapshot.folder(path.Dir(at)); err == nil {
		var names []string
		for _, entry := range sortedEntries(kinds) {
			names = append(names, entry.Name)
		}
		if name := nearest(path.Base(at), names); name != "" {
			return "did you mean " + relative(k.dir, path.Join(path.Dir(at), name)) + "?"
		}
	}
	if other := f.elsewhere(k.dir, ref.text); other != "" {
		return "did you mean " + other + "?"
	}
	const made = "what a pipeline makes before the build goes under generated in .kustodian.yaml"
	if ref.role == roleEnv || ref.role == roleData && holds(entry(k.root, "secretGenerator"), ref.node) {
		return made // it may be secret, and left out of git on purpose
	}
	return "commit it; " + made
}

// holds reports whether a node is one of those below another.
func holds(n, part *yaml.Node) bool {
	return n == part || n != nil && slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return holds(c, part) })
}

// elsewhere looks for the path as written from each folder above dir, which is
// how it would read from there. It returns it as dir would have to write it.
func (f *failure) elsewhere(dir, text string) string {
	for above := dir; above != "."; {
		above = path.Dir(above)
		at, err := f.snapshot.resolve(path.Join(above, text))
		if err != nil || at.kind == Submodule {
			continue
		}
		return relative(dir, at.path)
	}
	return ""
}

// relative is a path of the tree as a kustomization in dir would write it.
func relative(dir, name string) string {
	text, err := filepath.Rel(filepath.FromSlash(dir), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(text)
}

var quotedPath = regexp.MustCompile(`(?:resources from|path) '([^']+)'`)

// named finds the last reference that the engine's words name.
func (f *failure) named() *BuildError {
	matches := quotedPath.FindAllStringSubmatch(f.words, -1)
	for _, match := range slices.Backward(matches) {
		for _, k := range slices.Backward(f.closure.kustomizations) {
			for _, ref := range k.refs {
				if ref.text == match[1] || path.Join(k.dir, ref.text) == match[1] {
					return f.at(k.path, ref.node, ReasonInvalid, said(f.words), "")
				}
			}
		}
	}
	return nil
}
