// Package workloads makes the edits that fixes make at every place of a real
// file where they make sense, as the file is and as other editors would have
// saved it, and lets another parser judge them.
package workloads

import (
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// Forms are the forms of a file: as it is, with CRLF, with a byte-order mark,
// and without its final break.
var Forms = []string{"as is", "CRLF", "BOM", "no final break"}

// A Workload is an edit made at every place of a file where it makes sense.
type Workload struct {
	Name string
	at   func(s site) (work, bool)
}

// A site is a node of a file.
type site struct {
	file string // its path in the repository
	doc  int
	path yamledit.Path
	node *yamledit.Node
}

// A work is an edit, with what it must do to the data.
type work struct {
	edit yamledit.Edit
	// undo brings the old bytes back; nil where an edit cannot.
	undo *yamledit.Edit
	// place is the path whose data change turns from old into new; what it returns as
	// gone is removed.
	place  yamledit.Path
	change func(old any) any
	// lines are how many old lines may go, and new ones come.
	old, new int
}

// gone stands for a value that is removed.
type gone struct{}

// All are the workloads, in the order of their printing.
var All = []Workload{
	{"add resources", addResources},
	{"fill resources", fillResources},
	{"set image", setImage},
	{"remove an env item", removeEnvItem},
	{"remove env", removeEnv},
	{"append envFrom", appendEnvFrom},
	{"remove the first key", removeFirstKey},
	{"append to resources", appendTo("resources", yamledit.String("kustodian.yaml"), "kustodian.yaml")},
	{"append to images", appendTo("images",
		yamledit.Map{{Key: "name", Value: yamledit.String("web")}, {Key: "newTag", Value: yamledit.String("1.0")}},
		yaml.MapSlice{{Key: "name", Value: "web"}, {Key: "newTag", Value: "1.0"}})},
	{"append to patches", appendTo("patches",
		yamledit.Map{{Key: "path", Value: yamledit.String("patch.yaml")}},
		yaml.MapSlice{{Key: "path", Value: "patch.yaml"}})},
	{"append to configMapGenerator", appendTo("configMapGenerator",
		yamledit.Map{{Key: "name", Value: yamledit.String("web")}, {Key: "literals", Value: yamledit.List{yamledit.String("A=b")}}},
		yaml.MapSlice{{Key: "name", Value: "web"}, {Key: "literals", Value: []any{"A=b"}}})},
	{"remove the first resource", removeResource},
	{"inside a patch: add", insideAdd},
	{"inside a patch: set", insideSet},
	{"inside a patch: append", insideAppend},
	{"inside a patch: remove", insideRemove},
	{"add a root key", addRootKey},
}

var (
	requests     = yamledit.Map{{Key: "cpu", Value: yamledit.String("100m")}, {Key: "memory", Value: yamledit.String("64Mi")}}
	requestsData = yaml.MapSlice{{Key: "cpu", Value: "100m"}, {Key: "memory", Value: "64Mi"}}
)

// container reports whether a node is a container of a pod.
func (s site) container() bool {
	if len(s.path) < 2 || s.node.Kind != yamledit.MappingNode {
		return false
	}
	of := s.path[len(s.path)-2]
	return (of == "containers" || of == "initContainers") && s.node.Get("name") != nil
}

func (s site) kustomization() bool {
	return s.doc == 0 && len(s.path) == 0 && s.node.Kind == yamledit.MappingNode &&
		slices.Contains([]string{"kustomization.yaml", "kustomization.yml"}, path.Base(s.file))
}

// below is a path one step longer.
func (s site) below(step any) yamledit.Path { return append(s.path[:len(s.path):len(s.path)], step) }

// add is a work that adds a key to the mapping at the site.
func (s site) add(key string, value yamledit.Value, data any, lines int) work {
	undo := yamledit.Remove(s.doc, s.below(key))
	return work{
		edit: yamledit.AddKey(s.doc, s.path, key, value), undo: &undo,
		place: s.path, change: func(old any) any { return with(old, key, data) },
		new: lines,
	}
}

func with(old any, key string, data any) any {
	m, _ := old.(yaml.MapSlice)
	return append(m[:len(m):len(m)], yaml.MapItem{Key: key, Value: data})
}

func (s site) remove(place yamledit.Path) work {
	return work{edit: yamledit.Remove(s.doc, place), place: place, change: func(any) any { return gone{} }, old: 1 << 30, new: 1}
}

func addResources(s site) (work, bool) {
	if !s.container() || s.node.Get("resources") != nil {
		return work{}, false
	}
	return s.add("resources", yamledit.Map{{Key: "requests", Value: requests}, {Key: "limits", Value: requests[1:]}},
		yaml.MapSlice{{Key: "requests", Value: requestsData}, {Key: "limits", Value: requestsData[1:]}}, 6), true
}

func fillResources(s site) (work, bool) {
	if len(s.path) == 0 || s.path[len(s.path)-1] != "resources" || len(s.node.Children) > 0 ||
		s.node.Kind != yamledit.MappingNode && s.node.Tag != "!!null" {
		return work{}, false
	}
	w := s.add("requests", requests, requestsData, 4)
	w.undo, w.old = nil, 1 // {} and nothing are the same afterwards
	return w, true
}

func setImage(s site) (work, bool) {
	if len(s.path) == 0 || s.path[len(s.path)-1] != "image" || s.node.Kind != yamledit.ScalarNode || s.node.Tag != "!!str" || s.node.Value == "" {
		return work{}, false
	}
	image := strings.TrimSuffix(s.node.Value, "\n") + "@sha256:0123"
	undo := yamledit.SetScalar(s.doc, s.path, strings.TrimSuffix(s.node.Value, "\n"))
	return work{
		edit: yamledit.SetScalar(s.doc, s.path, image), undo: &undo,
		place: s.path, change: func(old any) any {
			if text, ok := old.(string); ok && strings.HasSuffix(text, "\n") {
				return image + "\n"
			}
			return image
		},
		old: 1, new: 1,
	}, true
}

func removeEnvItem(s site) (work, bool) {
	if !s.container() || s.node.Get("env") == nil || len(s.node.Get("env").Children) < 2 || s.node.Get("env").Kind != yamledit.SequenceNode {
		return work{}, false
	}
	return s.remove(append(s.below("env"), 1)), true
}

func removeEnv(s site) (work, bool) {
	if !s.container() || s.node.Get("env") == nil {
		return work{}, false
	}
	return s.remove(s.below("env")), true
}

func appendEnvFrom(s site) (work, bool) {
	if !s.container() || s.node.Get("env") == nil {
		return work{}, false
	}
	return s.append("envFrom",
		yamledit.Map{{Key: "configMapRef", Value: yamledit.Map{{Key: "name", Value: yamledit.String("web-env")}}}},
		yaml.MapSlice{{Key: "configMapRef", Value: yaml.MapSlice{{Key: "name", Value: "web-env"}}}}), true
}

func removeFirstKey(s site) (work, bool) {
	if !s.container() || len(s.node.Children) == 0 {
		return work{}, false
	}
	return s.remove(s.below(s.node.Children[0].Value)), true
}

// append is a work that adds an item to the list of a key, which may be missing.
func (s site) append(key string, value yamledit.Value, data any) work {
	w := work{
		edit:  yamledit.AppendItem(s.doc, s.below(key), value),
		place: s.path, change: func(old any) any { return appended(old, key, data) },
		new: 4,
	}
	switch list := s.node.Get(key); {
	case list == nil:
		undo := yamledit.Remove(s.doc, s.below(key))
		w.undo = &undo
	case len(list.Children) > 0:
		undo := yamledit.Remove(s.doc, append(s.below(key), len(list.Children)))
		w.undo = &undo
	default:
		w.old = 1
	}
	return w
}

func appended(old any, key string, data any) any {
	m, _ := old.(yaml.MapSlice)
	for i, item := range m {
		if item.Key == key {
			list, _ := item.Value.([]any)
			m = slices.Clone(m)
			m[i].Value = append(list[:len(list):len(list)], data)
			return m
		}
	}
	return with(m, key, []any{data})
}

func appendTo(key string, value yamledit.Value, data any) func(site) (work, bool) {
	return func(s site) (work, bool) {
		if !s.kustomization() {
			return work{}, false
		}
		return s.append(key, value, data), true
	}
}

func removeResource(s site) (work, bool) {
	if !s.kustomization() || s.node.Get("resources") == nil || len(s.node.Get("resources").Children) == 0 {
		return work{}, false
	}
	w := s.remove(append(s.below("resources"), 0))
	if len(s.node.Get("resources").Children) == 1 {
		w = s.remove(s.below("resources"))
		w.edit = yamledit.Remove(s.doc, append(s.below("resources"), 0), yamledit.PruneEmpty)
	}
	return w, true
}

func addRootKey(s site) (work, bool) {
	if len(s.path) > 0 || s.node.Kind != yamledit.MappingNode || len(s.node.Children) == 0 {
		return work{}, false
	}
	return s.add("kustodian", yamledit.String("new"), "new", 1), true
}
