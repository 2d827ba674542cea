package fixes

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A pair is one object before and after; a nil side does not have it.
type pair struct {
	ref           overlay.ObjectRef // generated suffixes as in stableName
	before, after *side
}

// A side is an object as built, and the same with stable names for comparison.
type side struct {
	built, stable *yaml.Node
}

// compareBuilds returns the fields that differ between two builds of one
// overlay, in the order of the build, and a unified diff of the objects.
func compareBuilds(before, after *overlay.Build) ([]Change, string, error) {
	var changes []Change
	var diff strings.Builder
	for _, p := range pairs(before, after) {
		found := p.changes(before.Overlay)
		if len(found) == 0 {
			continue
		}
		changes = append(changes, found...)
		text, err := p.unified()
		if err != nil {
			return nil, "", fmt.Errorf("printing the difference of %s in %s: %w", p.ref, before.Overlay, err)
		}
		diff.WriteString(text)
	}
	return changes, diff.String(), nil
}

// changes returns the fields that differ. A whole object that comes or goes is
// one change of the empty field, without its metadata: the overlay's own
// labels and names are put on it, and Object says the name.
func (p pair) changes(path string) []Change {
	add := func(field overlay.Field, before, after *string) Change {
		return Change{Overlay: path, Object: p.ref, Field: field, Before: before, After: after}
	}
	switch {
	case p.before == nil:
		return []Change{add(overlay.Field{}, nil, text(p.ref, overlay.Field{}, without(p.after.stable, "metadata")))}
	case p.after == nil:
		return []Change{add(overlay.Field{}, text(p.ref, overlay.Field{}, without(p.before.stable, "metadata")), nil)}
	}
	var out []Change
	compare(nil, p.before.stable, p.after.stable, func(field overlay.Field, before, after *yaml.Node) {
		b, a := text(p.ref, field, before), text(p.ref, field, after)
		// "1" and 1 read the same and are not.
		if b != nil && a != nil && *b == *a && !isMasked(*b) {
			*b, *a = before.ShortTag()+" "+*b, after.ShortTag()+" "+*a
		}
		out = append(out, add(field, b, a))
	})
	return out
}

// compare calls differ for each field at which the nodes differ, nil for absent.
func compare(field overlay.Field, before, after *yaml.Node, differ func(overlay.Field, *yaml.Node, *yaml.Node)) {
	before, after = resolved(before), resolved(after)
	switch {
	case before == nil && after == nil:
	case before == nil || after == nil || before.Kind != after.Kind:
		differ(field, before, after)
	case before.Kind == yaml.MappingNode:
		for i := 0; i < len(before.Content); i += 2 {
			key := before.Content[i].Value
			compare(field.Append(key), before.Content[i+1], child(after, key), differ)
		}
		for i := 0; i < len(after.Content); i += 2 {
			if key := after.Content[i].Value; child(before, key) == nil {
				compare(field.Append(key), nil, after.Content[i+1], differ)
			}
		}
	case before.Kind == yaml.SequenceNode:
		compareLists(field, before, after, differ)
	default:
		if before.Value != after.Value || before.ShortTag() != after.ShortTag() {
			differ(field, before, after)
		}
	}
}

// compareLists compares items of the same key, and by index where a list has
// no key. Where only the order differs, the list differs.
func compareLists(field overlay.Field, before, after *yaml.Node, differ func(overlay.Field, *yaml.Node, *yaml.Node)) {
	key := listKey(before, after)
	if key == "" {
		for i := range max(len(before.Content), len(after.Content)) {
			compare(field.Append(overlay.IndexStep(i)), at(before, i), at(after, i), differ)
		}
		return
	}
	var kept, now []string
	for _, item := range before.Content {
		value := child(item, key).Value
		other := itemOf(after, key, value)
		compare(field.Append(overlay.ItemStep(key, value)), item, other, differ)
		if other != nil {
			kept = append(kept, value)
		}
	}
	for _, item := range after.Content {
		value := child(item, key).Value
		if itemOf(before, key, value) != nil {
			now = append(now, value)
		} else {
			compare(field.Append(overlay.ItemStep(key, value)), nil, item, differ)
		}
	}
	if !slices.Equal(kept, now) {
		differ(field, before, after)
	}
}

// listKey is the key by which the items of both lists are told apart, "" where
// there is none: a name, or what takes its place in lists of mounts and ports.
func listKey(lists ...*yaml.Node) string {
keys:
	for _, key := range []string{"name", "mountPath", "containerPort", "key"} {
		for _, list := range lists {
			seen := map[string]bool{}
			for _, item := range list.Content {
				value := child(item, key)
				if value == nil || value.Kind != yaml.ScalarNode || seen[value.Value] {
					continue keys
				}
				seen[value.Value] = true
			}
		}
		return key
	}
	return ""
}

// pairs joins the objects of two builds by name, in the order of the first.
func pairs(before, after *overlay.Build) []pair {
	var out []pair
	index := map[overlay.ObjectRef]int{}
	names := stableNames(before)
	for _, o := range before.Objects {
		ref := stableRef(o.Ref, names)
		index[ref] = len(out)
		out = append(out, pair{ref: ref, before: &side{o.Node, renamed(o.Node, names)}})
	}
	names = stableNames(after)
	for _, o := range after.Objects {
		ref := stableRef(o.Ref, names)
		s := &side{o.Node, renamed(o.Node, names)}
		if i, ok := index[ref]; ok {
			out[i].after = s
		} else {
			out = append(out, pair{ref: ref, after: s})
		}
	}
	return out
}

// hashSuffix is the suffix that kustomize puts on what it generates: ten
// letters out of sixteen.
var hashSuffix = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

// stableName stands for every name that differs from it only in the suffix. No
// object can have it, so it is never taken for a name that somebody wrote.
func stableName(generated string) string { return hashSuffix.ReplaceAllString(generated, "-*") }

// stableNames maps the names of generated objects to the stable ones. Two
// objects that only their suffixes tell apart keep their names.
func stableNames(build *overlay.Build) map[string]string {
	names := map[string]string{}
	taken := map[overlay.ObjectRef]int{}
	for _, o := range build.Objects {
		if isGenerated(o) {
			names[o.Ref.Name] = stableName(o.Ref.Name)
			taken[stableRef(o.Ref, names)]++
		}
	}
	for _, o := range build.Objects {
		if taken[stableRef(o.Ref, names)] > 1 {
			delete(names, o.Ref.Name)
		}
	}
	return names
}

func isGenerated(o *overlay.Object) bool {
	return (o.Ref.Kind == "ConfigMap" || o.Ref.Kind == "Secret") &&
		hashSuffix.MatchString(o.Ref.Name) && !strings.HasSuffix(o.Origin.Name, hashSuffix.FindString(o.Ref.Name))
}

func stableRef(ref overlay.ObjectRef, names map[string]string) overlay.ObjectRef {
	if stable, ok := names[ref.Name]; ok && (ref.Kind == "ConfigMap" || ref.Kind == "Secret") {
		ref.Name = stable
	}
	return ref
}

// renamed copies the node with generated names, and the references to them,
// made stable. A name with a suffix is nothing that a person writes, so each
// scalar that equals one is a reference.
func renamed(node *yaml.Node, names map[string]string) *yaml.Node {
	node = resolved(node)
	if node == nil {
		return nil
	}
	out := *node
	if stable, ok := names[out.Value]; ok && out.Kind == yaml.ScalarNode {
		out.Value = stable
	}
	out.Content = make([]*yaml.Node, len(node.Content))
	for i, c := range node.Content {
		out.Content[i] = renamed(c, names)
	}
	return &out
}

// unified is the difference of one object as YAML in blocks, secrets masked.
func (p pair) unified() (string, error) {
	var before, after *yaml.Node
	if p.before != nil {
		before = p.before.built
	}
	if p.after != nil {
		after = p.after.built
	}
	old, err := print(masked(p.ref, before, nil))
	if err != nil {
		return "", err
	}
	now, err := print(masked(p.ref, after, before))
	if err != nil {
		return "", err
	}
	name := p.ref.String()
	return udiff.Unified(name, name, old, now), nil
}

func print(node *yaml.Node) (string, error) {
	if node == nil {
		return "", nil
	}
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(node); err != nil {
		return "", err
	}
	return b.String(), nil
}

// text is a node as a [Change] says it, with secrets masked.
func text(ref overlay.ObjectRef, field overlay.Field, node *yaml.Node) *string {
	if node = resolved(node); node == nil {
		return nil
	}
	out := ""
	if node.Kind == yaml.ScalarNode {
		out = node.Value
		if isSecret(ref, field, node) {
			out = maskedText
		}
		return &out
	}
	encoded, err := json.Marshal(plain(maskedAt(ref, field, node, nil)))
	if err != nil {
		// plain makes maps, lists, strings, numbers and booleans only.
		out = err.Error()
	} else {
		out = string(encoded)
	}
	return &out
}

// plain is the node as data that encoding/json prints with sorted keys.
func plain(node *yaml.Node) any {
	node = resolved(node)
	switch {
	case node == nil:
		return nil
	case node.Kind == yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			out[node.Content[i].Value] = plain(node.Content[i+1])
		}
		return out
	case node.Kind == yaml.SequenceNode:
		out := make([]any, len(node.Content))
		for i, item := range node.Content {
			out[i] = plain(item)
		}
		return out
	}
	switch tag := node.ShortTag(); {
	case tag == "!!null":
		return nil
	case (tag == "!!int" || tag == "!!float" || tag == "!!bool") && json.Valid([]byte(node.Value)):
		return json.RawMessage(node.Value)
	}
	return node.Value
}

func equal(a, b *yaml.Node) bool {
	same := true
	compare(nil, a, b, func(overlay.Field, *yaml.Node, *yaml.Node) { same = false })
	return same
}
