package fixes

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// listResources are the edits by which a kustomization lists files of its folder
// under resources: where its order has them, written as its other entries are.
func listResources(kustomization place, names []string) ([]Edit, error) {
	list := kustomization.below("resources")
	var files []string
	dotted := true
	for _, entry := range items(list.node) {
		if !isFolder(entry.Value) {
			files = append(files, entry.Value)
			dotted = dotted && strings.HasPrefix(entry.Value, "./")
		}
	}
	var edits, last []Edit
	// From the last on, so that the indexes of all stay true.
	for _, name := range slices.Backward(slices.Sorted(slices.Values(names))) {
		if dotted && len(files) > 0 {
			name = "./" + name
		}
		entry := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
		at := len(items(list.node))
		if len(files) > 2 && slices.IsSorted(files) { // two are in order by chance
			at = slices.IndexFunc(items(list.node), func(other *yaml.Node) bool { return !isFolder(other.Value) && other.Value > name })
		}
		if at >= 0 && at < len(items(list.node)) {
			edit, err := list.below(at).insert(entry)
			if err != nil {
				return nil, err
			}
			edits = append(edits, edit)
			continue
		}
		edit, err := list.append(entry)
		if err != nil {
			return nil, err
		}
		last = slices.Insert(last, 0, edit)
	}
	return append(edits, last...), nil
}

// isFolder reports whether an entry of resources names a folder or what is
// elsewhere, and no file.
func isFolder(entry string) bool {
	return !strings.HasSuffix(entry, ".yaml") && !strings.HasSuffix(entry, ".yml") && !strings.HasSuffix(entry, ".json")
}

// relativeTo is a path below a folder as a kustomization there says it.
func relativeTo(folder, file string) string {
	if folder == "." {
		return file
	}
	return strings.TrimPrefix(file, folder+"/")
}
