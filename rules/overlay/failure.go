package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
)

// refused is the answer for an overlay with a refusal.
func refused(dir string, r Refusal) *BuildError {
	message := r.Message
	if r.Text != "" {
		message = r.Text + " " + message
	}
	return &BuildError{Overlay: dir, Reason: r.Reason, Path: r.Path, Line: r.Line, Column: r.Column, Message: message}
}

// failure finds what broke a build. What the files themselves show comes
// first: the engine's words name no line, and often no file.
type failure struct {
	snapshot *Snapshot
	closure  *closure
	served   *serving
	overlay  string
	words    string // the engine's, without its own paths
}

// explainFailure says what broke a build, at the file and line at fault.
func (s *Snapshot) explainFailure(dir string, c *closure, served *serving, err error) *BuildError {
	f := &failure{s, c, served, dir, strings.ReplaceAll(err.Error(), treeRoot+"/", "")}
	for _, find := range []func() *BuildError{f.folder, f.kustomizations, f.missing, f.yaml, f.patch, f.operation, f.duplicate, f.generator, f.nameless, f.named} {
		if answer := find(); answer != nil {
			answer.Overlay = dir
			return answer
		}
	}
	return f.at(f.file(), nil, ReasonInvalid, shortened(f.words), "")
}

func (f *failure) file() string {
	if len(f.closure.kustomizations) > 0 {
		return f.closure.kustomizations[0].path
	}
	return path.Join(f.overlay, kustomizationNames[0])
}

func (f *failure) at(file string, n *yaml.Node, reason, message, hint string) *BuildError {
	e := &BuildError{Overlay: f.overlay, Reason: reason, Path: file, Line: 1, Column: 1, Message: message, Hint: hint}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	return e
}

// folder finds an overlay that is none.
func (f *failure) folder() *BuildError {
	if _, names, err := f.snapshot.kustomizationIn(f.overlay); err == nil && len(names) > 0 {
		return nil
	}
	return f.at(path.Join(f.overlay, kustomizationNames[0]), nil, ReasonMissing, "the folder has no kustomization", "")
}

// kustomizations finds one that does not parse, or two in a folder.
func (f *failure) kustomizations() *BuildError {
	for _, k := range f.closure.kustomizations {
		if _, names, err := f.snapshot.kustomizationIn(k.dir); err == nil && len(names) > 1 {
			return f.at(names[1], nil, ReasonInvalid, "a second kustomization beside "+names[0], "keep one of them")
		}
		if k.err != nil {
			e := f.at(k.path, nil, ReasonInvalid, "the YAML does not parse: "+yamlWords(k.err), "")
			e.Line = brokenLine(k.data, lineIn(k.err))
			return e
		}
		if k.root == nil {
			return f.at(k.path, nil, ReasonInvalid, "the kustomization is empty", "list its resources")
		}
		var decoded types.Kustomization
		if err := decoded.Unmarshal(k.data); err != nil {
			return f.undecodable(k, err)
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
	if match := unknownField.FindStringSubmatch(err.Error()); match != nil {
		key := keyNode(k.root, match[1])
		return f.at(k.path, key, ReasonInvalid, fmt.Sprintf("unknown field %q", match[1]), didYouMean(match[1], kustomizationFields))
	}
	if match := wrongType.FindStringSubmatch(err.Error()); match != nil {
		want := strings.TrimPrefix(match[3], "types.")
		n := misfit(k.root, strings.Split(match[2], "."), match[1])
		hint := ""
		if match[3] == "string" {
			hint = "write it in quotes"
		}
		return f.at(k.path, n, ReasonInvalid, fmt.Sprintf("%s is a %s, kustomize wants %s", match[2], match[1], want), hint)
	}
	e := f.at(k.path, nil, ReasonInvalid, strings.TrimPrefix(err.Error(), "invalid Kustomization: "), "")
	e.Line = lineIn(err)
	return e
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

func keyNode(n *yaml.Node, name string) *yaml.Node {
	var found *yaml.Node
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == name && found == nil {
				found = c
			}
			walk(c)
		}
	}
	walk(n)
	return found
}

// misfit is the first node at a path of keys that JSON would call by kind.
func misfit(n *yaml.Node, keys []string, kind string) *yaml.Node {
	n = deref(n)
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			if found := misfit(c, keys, kind); found != nil {
				return found
			}
		}
	}
	if len(keys) == 0 {
		tags := map[string][]string{"number": {"!!int", "!!float"}, "string": {"!!str"}, "bool": {"!!bool"}, "object": {"!!map"}, "array": {"!!seq"}}
		if slices.Contains(tags[kind], n.ShortTag()) {
			return n
		}
		return nil
	}
	if value := entry(n, keys[0]); value != nil {
		return misfit(value, keys[1:], kind)
	}
	return nil
}

// missing finds a reference to what is not there.
func (f *failure) missing() *BuildError {
	for _, k := range f.closure.kustomizations {
		for _, ref := range k.refs {
			target := path.Join(k.dir, ref.text)
			at, err := f.snapshot.resolve(target)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				hint := f.near(target)
				if f.generated(target) {
					hint = "it is made by a pipeline before the build"
				}
				return f.at(k.path, ref.node, ReasonMissing, fmt.Sprintf("%s is not there", target), hint)
			case err == nil && at.kind == Folder && (ref.role == roleResource || ref.role == roleComponent):
				inner, names, err := f.snapshot.kustomizationIn(at.path)
				if err == nil && len(names) == 0 {
					return f.at(k.path, ref.node, ReasonMissing, fmt.Sprintf("the folder %s has no kustomization", at.path), "add one, or list its files")
				}
				if inner == nil || inner.root == nil {
					continue
				}
				if ref.role == roleComponent && !inner.component {
					return f.at(k.path, ref.node, ReasonInvalid, fmt.Sprintf("%s is no Component", at.path), "list it under resources")
				}
				if ref.role == roleResource && inner.component {
					return f.at(k.path, ref.node, ReasonInvalid, fmt.Sprintf("%s is a Component", at.path), "list it under components")
				}
			case err == nil && at.kind != Folder && ref.role == roleComponent:
				return f.at(k.path, ref.node, ReasonInvalid, fmt.Sprintf("%s is a file, a component is a folder", at.path), "")
			}
		}
	}
	return nil
}

// near is a hint at a name like the one that is missing.
func (f *failure) near(target string) string {
	kinds, err := f.snapshot.folder(path.Dir(target))
	if err != nil {
		return ""
	}
	var names []string
	for _, entry := range sortedEntries(kinds) {
		names = append(names, entry.Name)
	}
	return didYouMean(path.Base(target), names)
}

// yaml finds a file that does not parse.
func (f *failure) yaml() *BuildError {
	for _, k := range f.closure.kustomizations {
		for _, ref := range k.refs {
			if ref.role != roleResource && ref.role != rolePatch && ref.role != roleConfig {
				continue
			}
			at, err := f.snapshot.resolve(path.Join(k.dir, ref.text))
			if err != nil || at.kind == Folder {
				continue
			}
			b, err := f.snapshot.blob(at.path)
			if err != nil {
				continue
			}
			for _, d := range splitText(at.path, b.data, ref.role).documents {
				var n yaml.Node
				if err := yaml.Unmarshal(d.bytes(), &n); err != nil {
					e := f.at(at.path, nil, ReasonInvalid, "the YAML does not parse: "+yamlWords(err), "")
					e.Line = d.line + brokenLine(d.bytes(), lineIn(err)) - 1
					return e
				}
			}
		}
	}
	return nil
}

func yamlWords(err error) string {
	words := strings.TrimPrefix(err.Error(), "yaml: ")
	if match := yamlLine.FindStringIndex(words); match != nil && match[0] == 0 {
		words = strings.TrimPrefix(words[match[1]:], ": ")
	}
	return words
}

// engineID is how the engine names an object: Deployment.v1.apps/web.[noNs].
var engineID = regexp.MustCompile(`([A-Z]\w*)\.[\w.\[\]]*/([^\s"]+?)\.(\[noNs\]|[\w-]+)`)

// patch finds a patch of an object that is not there.
func (f *failure) patch() *BuildError {
	if !strings.Contains(f.words, "no matches for Id") && !strings.Contains(f.words, "no resource matches") {
		return nil
	}
	match := engineID.FindStringSubmatch(f.words)
	if match == nil {
		return nil
	}
	var names []string
	for _, t := range f.served.texts {
		for _, d := range t.documents {
			d.parse()
			for _, n := range d.objects() {
				if ref := refOf(n); t.role == roleResource && ref.Kind == match[1] {
					names = append(names, ref.Name)
				}
			}
		}
	}
	// The engine applies the outermost patches last: the last that names it failed.
	for _, t := range slices.Backward(f.served.texts) {
		for _, d := range t.documents {
			if t.role != rolePatch || d.root == nil || refOf(d.root).Kind != match[1] || refOf(d.root).Name != match[2] {
				continue
			}
			source := d.source(deref(orNode(child(child(d.root, "metadata"), "name"), d.root)))
			return &BuildError{Reason: ReasonInvalid, Path: source.Path, Line: source.Line, Column: source.Column,
				Message: fmt.Sprintf("the patch is for %s %s, which is not among the resources", match[1], match[2]), Hint: didYouMean(match[2], names)}
		}
	}
	return nil
}

func orNode(n, other *yaml.Node) *yaml.Node {
	if n == nil {
		return other
	}
	return n
}

var operationPath = regexp.MustCompile(`(?:missing path|path not found|invalid path|to patch|path):? ['"]?(/[^\s:'"]*)`)

// operation finds the operation of a JSON patch that does not apply.
func (f *failure) operation() *BuildError {
	match := operationPath.FindStringSubmatch(f.words)
	if match == nil || !strings.Contains(f.words, "operation") {
		return nil
	}
	for _, k := range f.closure.kustomizations {
		for _, inline := range k.inlines {
			if n := opAt(jsonOps([]byte(inline.node.Value)), match[1]); n != nil {
				s := k.placeOf(inline).of(n)
				return &BuildError{Reason: ReasonInvalid, Path: s.Path, Line: s.Line, Column: s.Column, Message: shortened(f.words)}
			}
		}
		for _, ref := range k.refs {
			data, err := f.snapshot.ReadFile(path.Join(k.dir, ref.text))
			if ref.role != rolePatch || err != nil {
				continue
			}
			if n := opAt(jsonOps(data), match[1]); n != nil {
				return f.at(path.Join(k.dir, ref.text), n, ReasonInvalid, shortened(f.words), "")
			}
		}
	}
	return nil
}

func opAt(ops *yaml.Node, target string) *yaml.Node {
	for _, op := range items(ops) {
		if n := child(op, "path"); scalar(n) == target {
			return n
		}
	}
	return nil
}

// duplicate finds the second of two objects of one name.
func (f *failure) duplicate() *BuildError {
	_, id, ok := strings.Cut(f.words, "already registered id: ")
	match := engineID.FindStringSubmatch(id)
	if !ok || match == nil {
		return nil
	}
	var first *Source
	for _, t := range f.served.texts {
		for _, d := range t.documents {
			d.parse()
			for _, n := range d.objects() {
				if ref := refOf(n); t.role != roleResource || ref.Kind != match[1] || ref.Name != match[2] {
					continue
				}
				source := d.source(n)
				if first != nil {
					return &BuildError{Reason: ReasonInvalid, Path: source.Path, Line: source.Line, Column: source.Column,
						Message: fmt.Sprintf("%s %s is already at %s:%d", match[1], match[2], first.Path, first.Line), Hint: "remove one, or make it a patch"}
				}
				first = &source
			}
		}
	}
	return nil
}

var generatorName = regexp.MustCompile(`Name:"([^"]+)"`)

// generator finds a generator that merges into nothing.
func (f *failure) generator() *BuildError {
	match := generatorName.FindStringSubmatch(f.words)
	if match == nil || !strings.Contains(f.words, "cannot merge or replace") {
		return nil
	}
	for _, k := range f.closure.kustomizations {
		for _, key := range []string{"configMapGenerator", "secretGenerator"} {
			for _, generator := range items(entry(k.root, key)) {
				if name := entry(generator, "name"); scalar(name) == match[1] && entry(generator, "behavior") != nil {
					return f.at(k.path, name, ReasonInvalid, match[1]+" is made by nothing below; it cannot be merged or replaced", "take behavior out to create it")
				}
			}
		}
	}
	return nil
}

// nameless finds a document that is no object.
func (f *failure) nameless() *BuildError {
	if !strings.Contains(f.words, "missing metadata.name") && !strings.Contains(f.words, "missing Resource metadata") && !strings.Contains(f.words, "missing kind") {
		return nil
	}
	for _, t := range f.served.texts {
		for _, d := range t.documents {
			d.parse()
			if d.root == nil || d.root.Kind != yaml.MappingNode {
				continue
			}
			ref := refOf(d.root)
			if ref.Kind == "" || ref.Name == "" && !strings.HasSuffix(ref.Kind, "List") {
				source := d.source(d.root)
				return &BuildError{Reason: ReasonInvalid, Path: source.Path, Line: source.Line, Column: source.Column,
					Message: "the document is no object: it has no " + map[bool]string{true: "kind", false: "metadata.name"}[ref.Kind == ""]}
			}
		}
	}
	return nil
}

var quotedPath = regexp.MustCompile(`(?:resources from|path) '([^']+)'`)

// named finds the last reference that the engine's words name.
func (f *failure) named() *BuildError {
	matches := quotedPath.FindAllStringSubmatch(f.words, -1)
	for _, match := range slices.Backward(matches) {
		for _, k := range slices.Backward(f.closure.kustomizations) {
			for _, ref := range k.refs {
				if ref.text == match[1] || path.Join(k.dir, ref.text) == match[1] {
					return f.at(k.path, ref.node, ReasonInvalid, shortened(f.words), "")
				}
			}
		}
	}
	return nil
}

var (
	wrapping  = regexp.MustCompile(`(accumulating (resources|components)( from '[^']*')?|accumulateDirectory|recursed (accumulation|merging) (of|from) path '[^']*'|merging resources from '[^']*'|trouble configuring builtin \w+ with config): `)
	asFolder  = regexp.MustCompile(`': must build at directory: .*$`)
	pointers  = regexp.MustCompile(`0x[0-9a-f]{6,}`)
	configEnd = regexp.MustCompile("(?s)`\n.*\n`: ")
)

// shortened is what the engine says without the way it went there.
func shortened(words string) string {
	words = configEnd.ReplaceAllString(words, "")
	words = asFolder.ReplaceAllString(words, "")
	words = strings.ReplaceAll(words, "accumulation err='", "")
	words = wrapping.ReplaceAllString(words, "")
	words = pointers.ReplaceAllString(words, "…")
	words = strings.Join(strings.Fields(words), " ")
	if runes := []rune(words); len(runes) > 400 {
		words = string(runes[:400]) + "…"
	}
	return words
}

// generated reports whether a pipeline makes the file before the build.
func (f *failure) generated(name string) bool {
	return matchesAny(f.snapshot.options.Generated, name)
}

// didYouMean is a hint at the one of names that is nearest to name, "" where
// none is near.
func didYouMean(name string, names []string) string {
	best, bestDistance := "", 1+len(name)/3
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < bestDistance && candidate != name {
			best, bestDistance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance is the number of letters to insert, delete or replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
