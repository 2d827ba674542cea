package overlay

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
)

// kustomizationNames are the names that kustomize looks for, in its order.
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// role says what a kustomization uses a path for.
type role int

const (
	roleResource  role = iota // a file of objects, or a folder
	roleComponent             // a folder
	rolePatch                 // a file of a patch of either kind
	roleConfig                // a generator's, transformer's or validator's own file, or a folder of them
	roleData                  // a file that becomes data
	roleEnv                   // a file of key=value lines
	roleOther                 // crds, configurations, openapi, replacements
	roleChart                 // a helm chart: never followed
)

// reference is a path in a kustomization.
type reference struct {
	role role
	text string     // the path as written, without a key= before it
	node *yaml.Node // the scalar that says it
}

// inlineText is YAML inside a scalar of a kustomization: a patch, or a
// generator's or transformer's config.
type inlineText struct {
	role role // rolePatch or roleConfig
	node *yaml.Node
	// owner is the mapping whose key "patch" the node is; nil where the node
	// is an item of a list.
	owner *yaml.Node
}

// kustomization is one kustomization file as written.
type kustomization struct {
	path string // of the file
	dir  string
	hash string
	data []byte
	root *yaml.Node // the mapping; nil where the file does not parse or is none
	err  error      // why it does not parse
	refs []reference
	// inlines are the texts inside it.
	inlines   []inlineText
	component bool
	affixes   []*yaml.Node // prefixes and suffixes of names
	openapi   bool
	// printed is the file with the paths of remote bases in place of the
	// references to them; nil where there is none.
	printed []byte
	// seen are the paths as the engine decodes them: the same as those of
	// refs, unless somebody took pains to hide one.
	seen []string
}

// longestKustomization is how many bytes a kustomization may have. The longest
// real one seen has 40,000.
const longestKustomization = 1 << 20

// errTooLong is a kustomization that is not parsed.
var errTooLong = fmt.Errorf("is longer than the %d bytes that a kustomization may have", longestKustomization)

func tooLong(b *blob) error {
	if b.unread != nil || len(b.data) > longestKustomization {
		return errTooLong
	}
	return nil
}

// parseKustomization reads the kustomization at name. It never fails: what
// does not parse has err set and refers to nothing.
func parseKustomization(name string, b *blob) *kustomization {
	k := &kustomization{path: name, dir: path.Dir(name), hash: b.hash, data: b.data}
	if k.err = tooLong(b); k.err != nil {
		return k
	}
	var document yaml.Node
	if err := yaml.Unmarshal(b.data, &document); err != nil {
		k.err = err
		return k
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return k
	}
	if k.err = checkAliases(&document, DefaultLimits.Nodes); k.err != nil {
		return k
	}
	k.root = document.Content[0]
	eachEntry(k.root, k.read)
	k.seen = seenByEngine(b.data)
	return k
}

// read takes the references of one key of the kustomization.
func (k *kustomization) read(key string, value *yaml.Node) {
	switch folded(key) {
	case "nameprefix", "namesuffix":
		k.affixes = append(k.affixes, value)
	case "kind":
		k.component = value.Value == "Component"
	case "resources", "bases":
		k.addList(roleResource, value)
	case "components":
		k.addList(roleComponent, value)
	case "crds", "configurations":
		k.addList(roleOther, value)
	case "generators", "transformers", "validators":
		k.addListOrText(roleConfig, value)
	case "patchesstrategicmerge":
		k.addListOrText(rolePatch, value)
	case "patches", "patchesjson6902":
		for _, item := range items(value) {
			k.addScalar(rolePatch, entry(item, "path"))
			if inline := entry(item, "patch"); inline != nil && strings.TrimSpace(inline.Value) != "" {
				k.inlines = append(k.inlines, inlineText{rolePatch, inline, deref(item)})
			}
		}
	case "openapi":
		k.openapi = true
		k.addScalar(roleOther, entry(value, "path"))
	case "replacements":
		for _, item := range items(value) {
			k.addScalar(roleOther, entry(item, "path"))
		}
	case "configmapgenerator", "secretgenerator":
		for _, item := range items(value) {
			k.addData(item)
		}
	case "helmcharts", "helmchartinflationgenerator":
		for _, item := range items(value) {
			k.refs = append(k.refs, reference{roleChart, key, item})
		}
		if len(items(value)) == 0 {
			k.refs = append(k.refs, reference{roleChart, key, value})
		}
	}
}

// folded is a key in the one spelling that this package compares: the engine
// takes upper for lower case, and the few other letters that Unicode folds.
func folded(key string) string { return strings.ToLower(strings.ToUpper(key)) }

func (k *kustomization) addList(r role, list *yaml.Node) {
	for _, item := range items(list) {
		k.addScalar(r, item)
	}
}

func (k *kustomization) addListOrText(r role, list *yaml.Node) {
	for _, item := range items(list) {
		if item = deref(item); item.Kind == yaml.ScalarNode && isMapping(item.Value) {
			k.inlines = append(k.inlines, inlineText{r, item, nil})
			continue
		}
		k.addScalar(r, item)
	}
}

func (k *kustomization) addScalar(r role, node *yaml.Node) {
	if node = deref(node); node != nil && node.Kind == yaml.ScalarNode && node.Value != "" {
		k.refs = append(k.refs, reference{r, node.Value, node})
	}
}

// addData takes the files of one configMapGenerator or secretGenerator.
func (k *kustomization) addData(generator *yaml.Node) {
	for _, item := range items(entry(generator, "files")) {
		item = deref(item)
		if item.Kind != yaml.ScalarNode {
			continue
		}
		file := item.Value
		if _, after, keyed := strings.Cut(file, "="); keyed {
			file = after
		}
		k.refs = append(k.refs, reference{roleData, file, item})
	}
	for _, item := range items(entry(generator, "envs")) {
		k.addScalar(roleEnv, item)
	}
	k.addScalar(roleEnv, entry(generator, "env"))
}

// items are the items of a list, none of any other node.
func items(list *yaml.Node) []*yaml.Node {
	if list = deref(list); list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// deref follows an alias.
func deref(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// child is the value of a mapping's key, nil where there is none.
func child(mapping *yaml.Node, key string) *yaml.Node {
	if mapping = deref(mapping); mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// eachPair visits the pairs of a mapping, aliases followed.
func eachPair(mapping *yaml.Node, visit func(key, value *yaml.Node)) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		visit(mapping.Content[i], deref(mapping.Content[i+1]))
	}
}

// eachEntry visits the entries of a mapping of a kustomization, which may be
// merged from others.
func eachEntry(mapping *yaml.Node, visit func(key string, value *yaml.Node)) {
	if mapping = deref(mapping); mapping == nil || mapping.Kind != yaml.MappingNode {
		return
	}
	eachPair(mapping, func(key, value *yaml.Node) {
		if key.Value != "<<" {
			visit(key.Value, value)
			return
		}
		eachEntry(value, visit)
		for _, item := range items(value) {
			eachEntry(item, visit)
		}
	})
}

// entry is the value of a kustomization's key, nil where there is none. The
// engine does not tell upper from lower case in keys, nor does this.
func entry(mapping *yaml.Node, name string) *yaml.Node {
	var found *yaml.Node
	eachEntry(mapping, func(key string, value *yaml.Node) {
		if found == nil && strings.EqualFold(key, name) {
			found = value
		}
	})
	return found
}

// isMapping reports whether a scalar holds a YAML mapping rather than a path.
func isMapping(text string) bool {
	if !strings.ContainsAny(text, ":{") {
		return false
	}
	var n yaml.Node
	return yaml.Unmarshal([]byte(text), &n) == nil && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode
}

// seenByEngine decodes a kustomization as the engine does and returns every
// path in it.
func seenByEngine(data []byte) []string {
	var k types.Kustomization
	if k.Unmarshal(data) != nil {
		return nil // the engine goes no further either
	}
	//lint:ignore SA1019 strangers' kustomizations use the old fields
	seen := slices.Concat(k.Resources, k.Bases, k.Components, k.Crds, k.Configurations, k.Generators, k.Transformers, k.Validators)
	//lint:ignore SA1019 as above
	for _, p := range k.PatchesStrategicMerge {
		seen = append(seen, string(p))
	}
	//lint:ignore SA1019 as above
	for _, p := range slices.Concat(k.Patches, k.PatchesJson6902) {
		seen = append(seen, p.Path)
	}
	for _, r := range k.Replacements {
		seen = append(seen, r.Path)
	}
	for _, g := range k.ConfigMapGenerator {
		seen = append(seen, sourcesOf(g.KvPairSources)...)
	}
	for _, g := range k.SecretGenerator {
		seen = append(seen, sourcesOf(g.KvPairSources)...)
	}
	return append(seen, k.OpenAPI["path"])
}

func sourcesOf(sources types.KvPairSources) []string {
	var paths []string
	for _, file := range sources.FileSources {
		if _, after, keyed := strings.Cut(file, "="); keyed {
			file = after
		}
		paths = append(paths, file)
	}
	return append(append(paths, sources.EnvSources...), sources.EnvSource)
}

// kustomizationIn returns the kustomization of a folder, nil where there is
// none; names are the files of that sort that stand there.
func (s *Snapshot) kustomizationIn(dir string) (k *kustomization, names []string, err error) {
	for _, name := range kustomizationNames {
		full := path.Join(dir, name)
		at, err := s.resolve(full)
		if err != nil || at.kind == Folder || at.kind == Submodule {
			continue
		}
		names = append(names, full)
		if k != nil {
			continue
		}
		b, err := s.blob(at.path)
		if err != nil {
			return nil, nil, err
		}
		k = s.parsed(full, at.path, b)
	}
	return k, names, nil
}

// parsed is the kustomization at name, which links lead to a file from; parsed
// once per content.
func (s *Snapshot) parsed(name, file string, b *blob) *kustomization {
	key := name + "\x00" + b.hash
	s.store.mu.Lock()
	k := s.store.plans[key]
	s.store.mu.Unlock()
	if k != nil {
		return s.withRemotes(k)
	}
	k = parseKustomization(name, b)
	k.path = file
	s.store.mu.Lock()
	s.store.plans[key] = k
	s.store.mu.Unlock()
	return s.withRemotes(k)
}
