package overlay

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
)

// kustomizations finds one that does not parse.
func (f *failure) kustomizations() *BuildError {
	for _, k := range f.closure.kustomizations {
		if k.err != nil {
			return f.unparsed(k.path, k.data, 1, k.err)
		}
		if k.root == nil {
			return f.at(k.path, nil, ReasonInvalid, "the kustomization is empty", "list its resources")
		}
		var decoded types.Kustomization
		if err := decoded.Unmarshal(k.data); err != nil {
			return f.undecodable(k, err)
		}
		decoded.FixKustomization()
		if wrong := decoded.EnforceFields(); len(wrong) > 0 {
			key, _, _ := strings.Cut(wrong[0], " ")
			return f.at(k.path, entry(k.root, key), ReasonInvalid, strings.Join(wrong, "; "), "")
		}
	}
	return nil
}

// idle finds a kustomization that says what it is, and nothing else.
func (f *failure) idle() *BuildError {
	for _, k := range f.closure.kustomizations {
		var decoded types.Kustomization
		if decoded.Unmarshal(k.data) == nil && decoded.CheckEmpty() != nil {
			return f.at(k.path, nil, ReasonInvalid, "the kustomization says nothing of what to build", "list its resources")
		}
	}
	return nil
}

var (
	unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)
	wrongType    = regexp.MustCompile(`cannot unmarshal (\w+) into Go struct field \w+\.([\w.]+) of type (\S+)`)
	yamlLine     = regexp.MustCompile(`line (\d+)`)
)

// undecodable finds the field that kustomize does not take.
func (f *failure) undecodable(k *kustomization, err error) *BuildError {
	if answer := f.misfitting(k.path, k.root, err.Error(), kustomizationFields); answer != nil {
		return answer
	}
	e := f.at(k.path, nil, ReasonInvalid, strings.TrimPrefix(err.Error(), "invalid Kustomization: "), "")
	e.Line = lineIn(err)
	return e
}

// schema finds the schema that the engine broke off at.
func (f *failure) schema() *BuildError {
	for _, k := range f.closure.kustomizations {
		if file := entry(entry(k.root, "openapi"), "path"); file != nil && strings.Contains(f.words, "invalid schema file") {
			return f.at(k.path, file, ReasonInvalid, said(f.words), "")
		}
	}
	return nil
}

// misfitting finds the field below root that the engine's words call unknown
// or of the wrong type, nil where they do neither.
func (f *failure) misfitting(file string, root *yaml.Node, words string, fields []string) *BuildError {
	if match := unknownField.FindStringSubmatch(words); match != nil {
		if key := keyNode(root, match[1]); key != nil {
			return f.at(file, key, ReasonInvalid, fmt.Sprintf("unknown field %q", match[1]), didYouMean(match[1], fields))
		}
	}
	if match := wrongType.FindStringSubmatch(words); match != nil {
		n := misfit(root, strings.Split(match[2], "."), match[1])
		if n == nil {
			return nil
		}
		hint := ""
		if match[3] == "string" && n.Kind == yaml.ScalarNode {
			hint = fmt.Sprintf("write it in quotes, %q", n.Value)
		}
		return f.at(file, n, ReasonInvalid, fmt.Sprintf("%s is %s, kustomize wants %s", match[2], typeName(match[1]), typeName(match[3])), hint)
	}
	return nil
}

// typeName says a type of JSON or of Go in words.
func typeName(name string) string {
	switch name {
	case "number", "string", "object":
		return map[string]string{"number": "a number", "string": "a string", "object": "a mapping"}[name]
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "int", "int64":
		return "a whole number"
	case "map[string]string":
		return "a mapping of strings"
	case "[]string":
		return "a list of strings"
	}
	switch {
	case strings.HasPrefix(name, "[]"):
		return "a list of mappings"
	case strings.HasPrefix(name, "map["):
		return "a mapping"
	}
	return "a mapping"
}

func lineIn(err error) int {
	if match := yamlLine.FindStringSubmatch(err.Error()); match != nil {
		if line, err := strconv.Atoi(match[1]); err == nil {
			return max(line, 1)
		}
	}
	return 1
}

// kustomizationFields are the fields that a near miss may have meant.
var kustomizationFields = []string{
	"apiVersion", "kind", "metadata", "resources", "components", "bases", "patches", "patchesStrategicMerge", "patchesJson6902", "images",
	"replicas", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations", "configMapGenerator", "secretGenerator",
	"generatorOptions", "generators", "transformers", "validators", "replacements", "vars", "configurations", "crds", "openapi", "buildMetadata",
	"sortOptions", "name", "newName", "newTag", "digest", "literals", "files", "envs", "path", "patch", "target", "options", "count", "pairs",
	"includeSelectors", "includeTemplates", "behavior", "type",
}

// keyNode is the first key of that name at or below n.
func keyNode(n *yaml.Node, name string) *yaml.Node {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == name {
			return c
		}
		if found := keyNode(c, name); found != nil {
			return found
		}
	}
	return nil
}

// jsonTags are the tags of the nodes that JSON would call by a kind.
var jsonTags = map[string][]string{
	"number": {"!!int", "!!float"}, "string": {"!!str"}, "bool": {"!!bool"}, "object": {"!!map"}, "array": {"!!seq"},
}

// misfit is the first node at a path of keys that JSON would call by kind, or
// the first such value of the mapping there.
func misfit(n *yaml.Node, keys []string, kind string) *yaml.Node {
	n = deref(n)
	if len(keys) == 0 {
		if isJSON(n, kind) {
			return n
		}
		for i := 1; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			if value := deref(n.Content[i]); isJSON(value, kind) {
				return value
			}
		}
	}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			if found := misfit(c, keys, kind); found != nil {
				return found
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	if value := entry(n, keys[0]); value != nil {
		return misfit(value, keys[1:], kind)
	}
	if unicode.IsUpper(rune(keys[0][0])) {
		return misfit(n, keys[1:], kind) // a type of Go's whose fields stand where it does
	}
	return nil
}

// isJSON reports whether JSON would call a node by a kind. The kustomization is
// read as YAML 1.1, where a bare y or no is a bool.
func isJSON(n *yaml.Node, kind string) bool {
	if kind == "bool" && n.Kind == yaml.ScalarNode && n.Style == 0 && slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(n.Value)) {
		return true
	}
	return slices.Contains(jsonTags[kind], n.ShortTag())
}
