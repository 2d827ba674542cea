package fixes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules/overlay"
)

// liftEnv moves literal configuration out of a container into a generated
// ConfigMap, which each overlay can change by one line. The generator's hash
// stays on, so that a changed value still rolls the pods.
var liftEnv = Recipe{
	Rules: []string{"env-config-literal"},
	Title: "Move configuration from the environment into a ConfigMap",
	Plan:  planLift,
}

// A lift is the move of some names of one container.
type lift struct {
	*Plan
	said      *containerPlace
	generator string   // name of the ConfigMap
	names     []string // in the order of the container
	edits     fileEdits
	literals  map[string][]literal // by kustomization, what its generator gets
	patches   map[string]*patched  // by file
	changes   []Change
}

// A literal is a name and its value, as one kustomization says it.
type literal struct {
	name, value string
}

func planLift(ctx context.Context, p *Plan) (*Fix, error) {
	said, err := p.containerPlace(ctx)
	if err != nil {
		return nil, err
	}
	l := &lift{Plan: p, said: said, generator: p.Finding.Origin.Name + "-env", literals: map[string][]literal{}, patches: map[string]*patched{}}
	fingerprints, err := l.choose()
	if err != nil {
		return nil, err
	}
	base, err := l.liftBase()
	if err != nil {
		return nil, err
	}
	for _, u := range said.uses {
		if err := mutable(u, "env"); err != nil {
			return nil, err
		}
		if err := l.liftOverlay(ctx, u, base); err != nil {
			return nil, err
		}
	}
	if err := l.editPatches(); err != nil {
		return nil, err
	}
	for _, kustomization := range sortedKeys(l.literals) {
		if err := l.generate(kustomization, kustomization != base); err != nil {
			return nil, err
		}
	}
	files, err := l.edits.files(p)
	if err != nil {
		return nil, err
	}
	return &Fix{Fingerprints: fingerprints, Files: files, Intent: Intent{Changes: l.changes, Environment: true}}, nil
}

// choose sets the names that move: the finding's own, and those of the other
// findings of its container that can, so that one generator takes them all.
func (l *lift) choose() ([]string, error) {
	own := envName(l.Finding.Field)
	if err := l.mayMove(own); err != nil {
		return nil, err
	}
	wanted := map[string][]string{own: {l.Finding.Fingerprint}}
	for _, other := range l.Others {
		name := envName(other.Field)
		if isIn(l.container(), other.Field) && l.mayMove(name) == nil {
			wanted[name] = append(wanted[name], other.Fingerprint)
		}
	}
	var fingerprints []string
	for _, item := range items(l.said.node, "env") {
		if found, ok := wanted[scalar(item, "name")]; ok {
			l.names = append(l.names, scalar(item, "name"))
			fingerprints = append(fingerprints, found...)
		}
	}
	slices.Sort(fingerprints)
	return fingerprints, nil
}

// container is the field of the finding's container.
func (l *lift) container() overlay.Field {
	return l.Finding.Field[:slices.Index(l.Finding.Field, "env")]
}

// envName is the name of the variable that a field is in, "" for none.
func envName(field overlay.Field) string {
	for i, step := range field {
		if i > 0 && field[i-1] == "env" {
			return strings.TrimSuffix(strings.TrimPrefix(step, "[name="), "]")
		}
	}
	return ""
}

// mayMove returns a *NoFix where a variable cannot move, by any of its values.
func (l *lift) mayMove(name string) error {
	env := child(l.said.node, "env")
	if env == nil || listKey(env) != "name" || itemOf(env, "name", name) == nil {
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not say %s once by its name.", l.said.path, name)}
	}
	for _, u := range l.said.uses {
		list := child(u.node, "env")
		if list == nil || itemOf(list, "name", name) == nil {
			return &NoFix{ReasonSpreads, fmt.Sprintf("Overlay %s takes %s away; the move would have to be made there too.", u.build.Overlay, name)}
		}
		item := itemOf(list, "name", name)
		value := child(item, "value")
		switch {
		case value == nil || child(item, "valueFrom") != nil:
			return &NoFix{ReasonUnknownUse, fmt.Sprintf("In overlay %s %s is no literal.", u.build.Overlay, name)}
		case secretLike(name, value.Value):
			return &NoFix{ReasonSecret, fmt.Sprintf("%s looks like a secret, which never moves into a ConfigMap.", name)}
		case strings.Contains(value.Value, "$"):
			return &NoFix{ReasonUnknownUse, fmt.Sprintf("The value of %s has a $, which is expanded in a container and is not in a ConfigMap.", name)}
		case strings.TrimSpace(value.Value) != value.Value || strings.Trim(value.Value, `"'`) != value.Value || strings.Contains(value.Value, "\n"):
			return &NoFix{ReasonText, fmt.Sprintf("The value of %s has quotes, blanks at an end or several lines, which a generator's literal does not keep.", name)}
		}
	}
	return nil
}

// liftBase makes the container of the workload's own file refer to the
// ConfigMap, and returns the kustomization that lists the file.
func (l *lift) liftBase() (string, error) {
	base, err := l.lister(l.said.path, "resources")
	if err != nil {
		return "", err
	}
	for _, name := range l.names {
		i, item := indexOf(items(l.said.node, "env"), name)
		at := l.said.below("env", i)
		l.literals[base] = append(l.literals[base], literal{name, scalar(item, "value")})
		l.edits.add(l.said.path,
			yamledit.AddKey(l.said.doc, at, "valueFrom", yamledit.Map{{Key: "configMapKeyRef", Value: yamledit.Map{
				{Key: "name", Value: yamledit.String(l.generator)}, {Key: "key", Value: yamledit.String(name)}}}}),
			yamledit.Remove(l.said.doc, append(at, "value")))
	}
	return base, nil
}

// liftOverlay moves what the overlay's patches say into generators that merge,
// and declares what becomes of the overlay's build.
func (l *lift) liftOverlay(ctx context.Context, u use, base string) error {
	data := yaml.Node{Kind: yaml.MappingNode}
	for _, name := range l.names {
		field := u.field.Append("env", overlay.ItemStep("name", name), "value")
		source, err := u.build.Explain(ctx, u.object, field)
		if err != nil {
			return err
		}
		for _, s := range append([]overlay.Source{source}, source.Via...) {
			if s.Path == l.said.path {
				continue
			}
			if err := l.liftPatch(s, name, base); err != nil {
				return err
			}
		}
		value := child(u.node, "env")
		set(&data, scalar(itemOf(value, "name", name), "value"), name)
	}
	l.declare(u, &data)
	return nil
}

// declare adds the changes of one overlay: each value becomes a reference, and
// the ConfigMap comes, or has the names if it was there.
func (l *lift) declare(u use, data *yaml.Node) {
	name := stableName(strings.Replace(u.object.Ref.Name, l.Finding.Origin.Name, l.generator, 1) + "-2222222222")
	now := renamed(u.node, nil)
	for _, variable := range l.names {
		item := itemOf(child(now, "env"), "name", variable)
		*item = *without(item, "value")
		set(item, name, "valueFrom", "configMapKeyRef", "name")
		set(item, variable, "valueFrom", "configMapKeyRef", "key")
	}
	l.changes = append(l.changes, u.changes(now)...)

	ref := overlay.ObjectRef{APIVersion: "v1", Kind: "ConfigMap", Namespace: u.object.Ref.Namespace, Name: name}
	add := func(field overlay.Field, value *yaml.Node) {
		l.changes = append(l.changes, Change{Overlay: u.build.Overlay, Object: ref, Field: field, After: text(ref, field, value)})
	}
	names := stableNames(u.build)
	for _, o := range u.build.Objects {
		if stableRef(o.Ref, names) == ref {
			for key, value := range mapping(data) {
				add(overlay.Field{"data", key}, value)
			}
			return
		}
	}
	whole := &yaml.Node{Kind: yaml.MappingNode}
	set(whole, ref.APIVersion, "apiVersion")
	set(whole, ref.Kind, "kind")
	put(whole, data, "data")
	add(overlay.Field{}, whole)
}

// generate adds a kustomization's literals to its generator, or the generator.
func (l *lift) generate(file string, merges bool) error {
	root, err := l.kustomization(file)
	if err != nil {
		return err
	}
	var literals yamledit.List
	for _, v := range l.literals[file] {
		literals = append(literals, yamledit.String(v.name+"="+v.value))
	}
	for i, entry := range items(root, "configMapGenerator") {
		if scalar(entry, "name") != l.generator {
			continue
		}
		said := items(entry, "literals")
		for _, v := range l.literals[file] {
			if slices.ContainsFunc(said, func(n *yaml.Node) bool { return strings.HasPrefix(n.Value, v.name+"=") }) {
				return &NoFix{ReasonConflict, fmt.Sprintf("The generator %s of %s has %s already.", l.generator, file, v.name)}
			}
		}
		for _, text := range literals {
			l.edits.add(file, yamledit.AppendItem(0, yamledit.Path{"configMapGenerator", i, "literals"}, text))
		}
		return nil
	}
	entry := yamledit.Map{{Key: "name", Value: yamledit.String(l.generator)}}
	if merges {
		entry = append(entry, yamledit.Item{Key: "behavior", Value: yamledit.String("merge")})
	}
	l.edits.add(file, yamledit.AppendItem(0, yamledit.Path{"configMapGenerator"}, append(entry, yamledit.Item{Key: "literals", Value: literals})))
	return nil
}

// indexOf is the item of a list that has the name, and its index.
func indexOf(list []*yaml.Node, name string) (int, *yaml.Node) {
	for i, item := range list {
		if scalar(item, "name") == name {
			return i, item
		}
	}
	return -1, nil
}
