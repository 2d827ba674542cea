package config

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A shape is a JSON Schema, or a part of one.
type shape map[string]any

// schemaURL is where the schema is published: schema.json beside this file.
const schemaURL = "https://raw.githubusercontent.com/kustodian/kustodian/main/bot/config/schema.json"

// Schema is the JSON Schema of a configuration, for editors: what the reader
// itself answers when it is asked what may stand where. It says nothing of
// what depends on other values, such as which rules there are.
func Schema() map[string]any {
	r := &reader{config: &Config{}}
	*r.config = r.config.clone()
	r.root(nil)
	r.shape["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	r.shape["title"] = File + ": the configuration of Kustodian"
	r.shape["$id"] = schemaURL
	if properties, ok := r.shape["properties"].(shape); ok {
		for key, property := range properties {
			if property, ok := property.(shape); ok {
				property["description"] = said[key]
			}
		}
	}
	return r.shape
}

// said is what the schema says of each key.
var said = map[string]string{
	"version":      "the version of this form: 1",
	"cluster":      "the cluster that the overlays are for: its version of Kubernetes, and what it thinks of limits on cpu",
	"environments": "the overlays of each environment, by pattern; without an entry the words of the path tell",
	"rules":        "the severity of a rule, and the environments in which its findings block a merge",
	"ignore":       "findings that are silenced, each with the reason and perhaps a last day",
	"custom":       "rules of the repository's own in CEL, true where an object is as it should be",
	"inlineIgnore": "allow lets an ignore that a pull request brings lift a block in itself",
	"resources":    "the requests that a fix may write; the first entry that matches counts",
	"images":       "the mirror that is asked for digests, by name, of those that the server and the organisation's file name; images that are never pinned, by pattern; how large one may be",
	"fix":          "how fixes become pull requests, and what they may write",
	"sweep":        "when the whole repository is reviewed, at most daily",
	"kinds":        "custom resources that hold containers, beside those that are known",
	"contact":      "the annotations that say whom to call",
	"generated":    "files that a pipeline makes before the build, by pattern",
	"check":        "always asks for a check run where the repository has no kustomization",
	"paths":        "what counts otherwise in a part of the repository, by pattern of files and overlays: rules, ignores and what fixes may write there; a folder's own file does the same",
	"locked":       "keys that no file below may set, such as rules.secret-in-git",
}

// asked answers what may stand where a nil node asks for it.
func (r *reader) asked(n *yaml.Node, s shape) bool {
	if n == nil {
		r.shape = s
	}
	return n == nil
}

// describe is the shape of a mapping.
func (r *reader) describe(known keys) {
	properties := shape{}
	for key, read := range known {
		read(nil)
		properties[key] = r.shape
	}
	r.shape = shape{"type": "object", "properties": properties, "additionalProperties": false}
}

// locks reads the keys that the files below may not set.
func (r *reader) locks(node *yaml.Node) {
	var schema shape
	if node != nil {
		schema = Schema()
	}
	r.list(func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		if r.lockable(n, schema) {
			r.config.Locked = append(r.config.Locked, Setting{Key: plainKey(n.Value), File: r.path, Line: n.Line})
		}
	})(node)
}

// lockable tells whether a text is a key of a configuration, and how it is not.
func (r *reader) lockable(n *yaml.Node, schema shape) bool {
	steps := strings.Split(n.Value, ".")
	for _, step := range steps {
		known, _ := schema["properties"].(shape)
		next, ok := known[step].(shape)
		if rest, free := schema["additionalProperties"].(shape); !ok && free {
			next, ok = rest, true
		}
		if schema["type"] == "array" && steps[0] == "custom" { // by id
			next, ok = shape{}, true
		}
		if !ok {
			r.fault(n, "there is no key %q to lock%s", n.Value, near(step, slices.Sorted(maps.Keys(known))))
			return false
		}
		schema = next
		if either, ok := schema["anyOf"].([]shape); ok {
			schema = either[len(either)-1]
		}
	}
	return len(steps) < 2 || steps[0] != "rules" || r.knownRule(&yaml.Node{Kind: yaml.ScalarNode, Value: steps[1], Line: n.Line, Column: n.Column})
}
