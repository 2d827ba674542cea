package overlay

import (
	"regexp"
	"strings"
)

// withoutRoot takes out of the engine's words where it thinks the tree stands.
func withoutRoot(words string) string {
	return strings.ReplaceAll(strings.ReplaceAll(words, treeRoot+"/", ""), treeRoot, ".")
}

var (
	wrapping = regexp.MustCompile(`(accumulating (resources|components)( from '[^']*')?|accumulateDirectory|recursed (accumulation|merging) (of|from) path '[^']*'|merging resources from '[^']*'|trouble configuring builtin \w+ with config): `)
	asFolder = regexp.MustCompile(`': must build at directory: .*$`)
	// fileFirst is the engine trying a folder as a file before all else.
	fileFirst = regexp.MustCompile(`reading \S+: is a folder': `)
	pointers  = regexp.MustCompile(`0x[0-9a-f]{6,}`)
	// dumped are whole objects, as the engine prints them.
	dumped    = regexp.MustCompile(`:? \[?\{"apiVersion".*$`)
	configEnd = regexp.MustCompile("(?s)`\n.*\n`: ")
)

// said is what the engine says in the end, without the way it went there, in
// 400 letters at most.
func said(words string) string {
	words = configEnd.ReplaceAllString(words, "")
	words = asFolder.ReplaceAllString(words, "")
	words = strings.ReplaceAll(words, "accumulation err='", "")
	words = wrapping.ReplaceAllString(words, "")
	words = fileFirst.ReplaceAllString(words, "")
	words = pointers.ReplaceAllString(words, "…")
	words = dumped.ReplaceAllString(strings.Join(strings.Fields(words), " "), "")
	if runes := []rune(words); len(runes) > 400 {
		words = string(runes[:400]) + "…"
	}
	return words
}

// hints say what to write instead, by what the engine says.
var hints = []struct {
	said *regexp.Regexp
	hint string
}{
	{regexp.MustCompile(`new root cannot be empty`), "the entry is empty: write a path, or take it out"},
	{regexp.MustCompile(`illegally repeats the key`), "take one of the two out, or give it a key of its own"},
	{regexp.MustCompile(`expected key=value`), "write key=value, and key= for an empty value"},
	{regexp.MustCompile(`must specify a target for JSON patch`), "add target: with the kind and name of the object that it changes"},
	{regexp.MustCompile(`unable to parse SM or JSON patch`), "a patch is an object with kind and metadata.name, or a list of operations"},
	{regexp.MustCompile(`is missing for replacement source`), "name a field that the source object has"},
	{regexp.MustCompile(`unable to find field .* in replacement target`), "name a field that the target has, or let it be made with options: {create: true}"},
	{regexp.MustCompile(`multiple matches for selector`), "select one object: add its kind, name or namespace"},
	{regexp.MustCompile(`var '.*' already encountered`), "take one of the two out, or give it a name of its own"},
	{regexp.MustCompile(`test failed`), "the object no longer has the value that the test wants"},
	{regexp.MustCompile(`Unexpected kind:`), "op is one of add, replace, remove, move, copy and test"},
	{regexp.MustCompile(`(?i)invalid index`), "the list has no item of that number; it counts from 0"},
	{regexp.MustCompile(`(replace|remove) operation does not apply`), "the object has no such field; op: add makes one"},
	{regexp.MustCompile(`add operation does not apply`), "the field above it is not there; add that first"},
	{regexp.MustCompile(`must have a name`), "add name:"},
	{regexp.MustCompile(`namespace transformation produces ID conflict`), "objects that differ in their namespace only become the same one"},
	{regexp.MustCompile(`exists; can not use behavior`), "change that one with behavior: merge, or give this one a name of its own"},
	{regexp.MustCompile(`already registered id`), "remove one, or make it a patch"},
	{regexp.MustCompile(`kustomization.yaml is empty`), "list its resources"},
	{regexp.MustCompile(`kind should be`), "write kind: Kustomization"},
	{regexp.MustCompile(`apiVersion for Kustomization should be`), "write apiVersion: kustomize.config.k8s.io/v1beta1"},
	{regexp.MustCompile(`apiVersion for Component should be`), "write apiVersion: kustomize.config.k8s.io/v1alpha1"},
	{regexp.MustCompile(`file sources: .* is a folder`), "list its files, each as an entry"},
	{regexp.MustCompile(`invalid schema file`), "openapi wants the JSON that kustomize openapi fetch prints"},
	{regexp.MustCompile(`unable to parse open API definition`), "crds wants OpenAPI definitions in JSON or YAML; a CustomResourceDefinition goes under resources"},
	{regexp.MustCompile(`wrong node kind|but must be a? ?\w*Node|expected \w+Node`), "the field is a mapping in one place and a list or scalar in another"},
}

// hintAt is the hint for what the engine says, "" where there is none.
func hintAt(words string) string {
	for _, h := range hints {
		if h.said.MatchString(words) {
			return h.hint
		}
	}
	return ""
}
