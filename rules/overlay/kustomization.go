package overlay

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
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
	root *yaml.Node // the mapping; nil where the file does not parse or is none
	err  error      // why it does not parse
	refs []reference
	// inlines are the texts inside it.
	inlines   []inlineText
	component bool
	openapi   bool
}

// parseKustomization reads the kustomization at name. It never fails: what
// does not parse has err set and refers to nothing.
func parseKustomization(name string, b *blob) *kustomization {
	k := &kustomization{path: name, dir: path.Dir(name), hash: b.hash}
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
	eachPair(k.root, func(key, value *yaml.Node) { k.read(key.Value, value) })
	return k
}

// read takes the references of one key of the kustomization.
func (k *kustomization) read(key string, value *yaml.Node) {
	switch key {
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
	case "patchesStrategicMerge":
		k.addListOrText(rolePatch, value)
	case "patches", "patchesJson6902":
		for _, item := range items(value) {
			k.addScalar(rolePatch, child(item, "path"))
			if inline := child(item, "patch"); inline != nil && strings.TrimSpace(inline.Value) != "" {
				k.inlines = append(k.inlines, inlineText{rolePatch, inline, item})
			}
		}
	case "openapi":
		k.openapi = true
		k.addScalar(roleOther, child(value, "path"))
	case "replacements":
		for _, item := range items(value) {
			k.addScalar(roleOther, child(item, "path"))
		}
	case "configMapGenerator", "secretGenerator":
		for _, item := range items(value) {
			k.addData(item)
		}
	case "helmCharts", "helmChartInflationGenerator":
		for _, item := range items(value) {
			k.refs = append(k.refs, reference{roleChart, key, item})
		}
		if len(items(value)) == 0 {
			k.refs = append(k.refs, reference{roleChart, key, value})
		}
	}
}

func (k *kustomization) addList(r role, list *yaml.Node) {
	for _, item := range items(list) {
		k.addScalar(r, item)
	}
}

func (k *kustomization) addListOrText(r role, list *yaml.Node) {
	for _, item := range items(list) {
		if item.Kind == yaml.ScalarNode && strings.Contains(strings.TrimSpace(item.Value), "\n") {
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
	for _, item := range items(child(generator, "files")) {
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
	for _, item := range items(child(generator, "envs")) {
		k.addScalar(roleEnv, item)
	}
	k.addScalar(roleEnv, child(generator, "env"))
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

func eachPair(mapping *yaml.Node, visit func(key, value *yaml.Node)) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		visit(mapping.Content[i], deref(mapping.Content[i+1]))
	}
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
		k = s.parsed(full, b)
	}
	return k, names, nil
}

// parsed is the kustomization at name, parsed once per content.
func (s *Snapshot) parsed(name string, b *blob) *kustomization {
	key := name + "\x00" + b.hash
	s.store.mu.Lock()
	k := s.store.plans[key]
	s.store.mu.Unlock()
	if k != nil {
		return k
	}
	k = parseKustomization(name, b)
	s.store.mu.Lock()
	s.store.plans[key] = k
	s.store.mu.Unlock()
	return k
}
