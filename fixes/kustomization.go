package fixes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// kustomizationNames are the names under which kustomize looks.
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// kustomization reads a kustomization that a fix writes to.
func (p *Plan) kustomization(file string) (*yaml.Node, error) {
	if root, ok := p.read.kustomizations[file]; ok {
		return root, nil
	}
	src, err := p.Snapshot.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	roots, err := documents(src)
	if err != nil {
		return nil, refused(file, err)
	}
	if len(roots) != 1 || roots[0] == nil {
		return nil, &NoFix{ReasonText, fmt.Sprintf("%s is not one document.", file)}
	}
	p.read.kustomizations[file] = roots[0]
	return roots[0], nil
}

// kustomizationsOf are those that a build read.
func kustomizationsOf(build *overlay.Build) []string {
	var out []string
	for name, state := range build.Reads {
		folder := strings.HasSuffix(name, "/") // which may have such a name too
		if slices.Contains(kustomizationNames, path.Base(name)) && !folder && state != overlay.StateAbsent {
			out = append(out, name)
		}
	}
	return out
}

// lister is the one kustomization that names a file in one of the lists.
func (p *Plan) lister(file string, lists ...string) (string, error) {
	read := map[string]bool{}
	for _, build := range p.Builds {
		for _, name := range kustomizationsOf(build) {
			read[name] = true
		}
	}
	var found []string
	for _, name := range sortedKeys(read) {
		root, err := p.kustomization(name)
		if err != nil {
			return "", err
		}
		if names(root, path.Dir(name), file, lists) {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0:
		return "", &NoFix{ReasonNotPlaced, fmt.Sprintf("Which kustomization lists %s is not known.", file)}
	case len(found) > 1:
		return "", &NoFix{ReasonSpreads, fmt.Sprintf("%s is listed by %s and by %s; each would need a generator.", file, found[0], found[1])}
	}
	return found[0], p.editable(found[0])
}

// patchLists are the lists of a kustomization that name patch files.
var patchLists = []string{"patches", "patchesStrategicMerge"}

// names reports whether one of the lists of a kustomization in folder names the file.
func names(root *yaml.Node, folder, file string, lists []string) bool {
	return slices.ContainsFunc(lists, func(list string) bool {
		return slices.ContainsFunc(items(root, list), func(entry *yaml.Node) bool { return namesFile(entry, folder, file) })
	})
}

// namesFile reports whether an entry is the file, as text or as its path.
func namesFile(entry *yaml.Node, folder, file string) bool {
	said := entry.Value
	if entry.Kind == yaml.MappingNode {
		said = scalar(entry, "path")
	}
	return said != "" && path.Join(folder, said) == file
}
