package overlay

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	// maxTrials and trialTime bound the search for the entry that breaks a
	// build: a failing build stops early, so that most take a few milliseconds.
	maxTrials = 60
	trialTime = 3 * time.Second
)

// culprit finds the entry of a kustomization without which the overlay builds,
// by trying: first in the kustomization that the engine was in when it gave up,
// the entries that change objects before those that bring them.
func (f *failure) culprit(ctx context.Context) *BuildError {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	k := f.innermost()
	if k == nil || k.root == nil {
		return nil
	}
	var other *BuildError
	trials := 0
	for _, c := range candidates(k.root) {
		if trials++; trials > maxTrials || ctx.Err() != nil {
			break
		}
		switch err := f.without(ctx, k, c); {
		case ctx.Err() != nil:
		case err == nil:
			return f.inEntry(k, c)
		case other == nil && said(withoutRoot(err.Error())) != said(f.words):
			other = f.inEntry(k, c) // there is more that is wrong
		}
	}
	return other
}

var intoFolder = regexp.MustCompile(`recursed accumulation of path '([^']+)'`)

// innermost is the kustomization that the engine was in when it gave up.
func (f *failure) innermost() *kustomization {
	dir := f.overlay
	if matches := intoFolder.FindAllStringSubmatch(f.words, -1); len(matches) > 0 {
		dir = matches[len(matches)-1][1]
	}
	k, _, err := f.snapshot.kustomizationIn(path.Clean(dir))
	if err != nil {
		return nil
	}
	return k
}

// A candidate is what could be taken out of a kustomization: an item of the
// list below a key, or the key with all that is below it.
type candidate struct {
	key, value *yaml.Node
	item       int // -1 for the whole key
}

// candidates are all of them from the end, since of two of one name the second
// is at fault; those that bring objects come last.
func candidates(root *yaml.Node) []candidate {
	var first, last []candidate
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], deref(root.Content[i+1])
		to := &first
		switch folded(key.Value) {
		case "apiversion", "kind":
			continue
		case "resources", "bases", "components":
			to = &last
		}
		if value.Kind != yaml.SequenceNode {
			*to = append(*to, candidate{key, value, -1})
			continue
		}
		for j := range value.Content {
			*to = append(*to, candidate{key, value, j})
		}
	}
	slices.Reverse(first)
	slices.Reverse(last)
	return append(first, last...)
}

// without builds the overlay with one entry less.
func (f *failure) without(ctx context.Context, k *kustomization, c candidate) error {
	root := *k.root
	root.Content = slices.Clone(k.root.Content)
	i := slices.Index(root.Content, c.key)
	if c.item < 0 {
		root.Content = slices.Delete(root.Content, i, i+2)
	} else {
		list := *c.value
		list.Content = slices.Delete(slices.Clone(c.value.Content), c.item, c.item+1)
		root.Content[i+1] = &list
	}
	data, err := yaml.Marshal(clone(&root))
	if err != nil {
		return err
	}
	at, err := f.snapshot.resolve(k.path)
	if err != nil {
		return err
	}
	_, err = f.snapshot.Change(map[string][]byte{at.path: data}).run(ctx, f.overlay, asIs{}, f.closure.openapi)
	return err
}

// asIs serves the tree's own bytes.
type asIs struct{}

func (asIs) over(*treeFS)                   {}
func (asIs) serve(_ string, b *blob) []byte { return b.data }

// inEntry is the answer at the part of an entry that the engine's words speak
// of, in its file where it names one.
func (f *failure) inEntry(k *kustomization, c candidate) *BuildError {
	n := c.key
	if c.item >= 0 {
		n = deref(c.value.Content[c.item])
	} else if c.value.Kind == yaml.ScalarNode {
		n = c.value
	}
	message := said(f.words)
	hint := f.entryHint(n)
	for _, ref := range k.refs {
		if ref.role != roleConfig && ref.role != roleOther || !within(n, ref.node) {
			continue
		}
		if answer := f.inFile(path.Join(k.dir, ref.text), message, hint); answer != nil {
			return answer
		}
	}
	if spoken := spokenOf(n, f.words); spoken != nil {
		n = spoken
	}
	return f.at(k.path, n, ReasonInvalid, message, hint)
}

// inFile is the answer at the part of a file that the engine's words speak of,
// nil where they speak of none.
func (f *failure) inFile(name, message, hint string) *BuildError {
	data, err := f.snapshot.ReadFile(name)
	if err != nil {
		return nil
	}
	for _, d := range splitText(name, data, roleConfig).documents {
		if d.parse(); d.root == nil {
			continue
		}
		if answer := f.misfitting(name, d.root, f.words, nil); answer != nil {
			answer.Line += d.line - 1
			return answer
		}
		if n := spokenOf(d.root, f.words); n != nil {
			return f.from(d.source(n), message, hint)
		}
	}
	return nil
}

// within reports whether n is root or below it.
func within(root, n *yaml.Node) bool {
	return root == n || slices.ContainsFunc(root.Content, func(c *yaml.Node) bool { return within(deref(c), n) })
}

// spokenOf is the scalar at or below n that the engine's words name, as a whole
// or by its key or file name: one in quotes before others, the longest, the
// last. It is nil where they name none.
func spokenOf(n *yaml.Node, words string) *yaml.Node {
	words = builtinName.ReplaceAllString(words, "'$1'")
	var found *yaml.Node
	most := 0
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			eachPair(n, func(_, value *yaml.Node) { walk(value) })
			return
		}
		for _, c := range n.Content {
			walk(deref(c))
		}
		if n.Kind != yaml.ScalarNode {
			return
		}
		key, _, _ := strings.Cut(n.Value, "=")
		for _, name := range []string{n.Value, key, path.Base(n.Value)} {
			if score := spoken(words, name); score > 0 && score >= most {
				found, most = n, score
			}
		}
	}
	walk(n)
	return found
}

// spoken is how plainly words name something: 0 where they do not.
func spoken(words, name string) int {
	if len(name) < 2 || len(name) > 200 || strings.Contains(name, "\n") {
		return 0
	}
	match := regexp.MustCompile("(^|[^\\w-])" + regexp.QuoteMeta(name) + "($|[^\\w-])").FindStringSubmatch(words)
	switch {
	case match == nil:
		return 0
	case match[2] == "." && match[1] != "/": // the kind of an object, in the engine's name for it
		return 1
	case match[1] != "" && strings.Contains("`'\"{", match[1]):
		return 1000 + len(name)
	}
	return len(name)
}

// entryHint is a hint at a name that the entry may mean: an object's, or one of
// kustomize's own generators and transformers.
func (f *failure) entryHint(n *yaml.Node) string {
	if match := builtinName.FindStringSubmatch(f.words); match != nil {
		return didYouMean(match[1], builtinKinds)
	}
	for _, pattern := range []*regexp.Regexp{selectedNothing, replicasOfNothing, variableOfNothing} {
		match := pattern.FindStringSubmatch(f.words)
		if match == nil {
			continue
		}
		var names []string
		for _, o := range f.objects() {
			names = append(names, o.Name)
		}
		name := match[1]
		if pattern == variableOfNothing {
			name = scalar(entry(entry(n, "objref"), "name"))
		}
		return didYouMean(name, names)
	}
	return ""
}

var (
	builtinName       = regexp.MustCompile(`unable to load builtin (\w+)\S*`)
	selectedNothing   = regexp.MustCompile(`nothing selected by [^/]*/([^\s]+?)\.(?:\[noNs\]|[\w-]+)`)
	replicasOfNothing = regexp.MustCompile(`resource with name (\S+) does not match a config`)
	variableOfNothing = regexp.MustCompile(`var '\{(\S+) .*cannot be mapped`)
)

// builtinKinds are the generators and transformers that kustomize brings along.
var builtinKinds = []string{
	"AnnotationsTransformer", "ConfigMapGenerator", "HashTransformer", "HelmChartInflationGenerator", "IAMPolicyGenerator", "ImageTagTransformer",
	"LabelTransformer", "LegacyOrderTransformer", "NamespaceTransformer", "PatchJson6902Transformer", "PatchStrategicMergeTransformer",
	"PatchTransformer", "PrefixSuffixTransformer", "PrefixTransformer", "ReplacementTransformer", "ReplicaCountTransformer", "SecretGenerator",
	"SortOrderTransformer", "SuffixTransformer", "ValueAddTransformer",
}
