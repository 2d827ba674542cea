package fixes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// generate adds a kustomization's literals to its generator, or the generator.
func (l *lift) generate(file string, merges bool) error {
	root, err := l.kustomization(file)
	if err != nil {
		return err
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, v := range l.literals[file] {
		list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v.name + "=" + v.value})
	}
	generators := place{file: file, path: []any{"configMapGenerator"}}
	for i, entry := range items(root, "configMapGenerator") {
		if scalar(entry, "name") != l.generator {
			continue
		}
		for j, v := range l.literals[file] {
			if slices.ContainsFunc(items(entry, "literals"), func(n *yaml.Node) bool { return strings.HasPrefix(n.Value, v.name+"=") }) {
				return &NoFix{ReasonConflict, fmt.Sprintf("The generator %s of %s has %s already.", l.generator, file, v.name)}
			}
			edit, err := generators.below(i, "literals").append(list.Content[j])
			if err != nil {
				return err
			}
			l.to.add(file, edit)
		}
		return nil
	}
	entry := &yaml.Node{Kind: yaml.MappingNode}
	set(entry, l.generator, "name")
	if namespace := l.Finding.Origin.Namespace; namespace != "" {
		// What the workload's own document says; a kustomization's namespace
		// reaches both.
		set(entry, namespace, "namespace")
	}
	if merges {
		set(entry, "merge", "behavior")
	}
	put(entry, list, "literals")
	edit, err := generators.append(entry)
	l.to.add(file, edit)
	return err
}

// keepsName is the kustomization that has the generated ConfigMap keep its name
// in a build, "" where it gets a hash: one that says so of what it generates has
// the last word over those that merge with it.
func (l *lift) keepsName(u use) (string, error) {
	for _, file := range sortedKeys(u.build.Reads) {
		if !slices.Contains(kustomizationNames, path.Base(file)) || u.build.Reads[file] == overlay.StateAbsent {
			continue
		}
		root, err := l.kustomization(file)
		if err != nil {
			return "", err
		}
		_, entry := indexOf(items(root, "configMapGenerator"), l.generator)
		said := scalar(entry, "options", "disableNameSuffixHash") == "true" || scalar(root, "generatorOptions", "disableNameSuffixHash") == "true"
		if said && (entry != nil || l.literals[file] != nil) {
			return file, nil
		}
	}
	return "", nil
}

// notes are what a reviewer of the move should know.
func (l *lift) notes() ([]string, error) {
	var kept []string
	rolls := false
	for _, u := range l.uses {
		file, err := l.keepsName(u)
		if err != nil {
			return nil, err
		}
		if file == "" {
			rolls = true
			continue
		}
		kept = once(kept, fmt.Sprintf("%s turns the hash of generated names off (disableNameSuffixHash): when a value changes, pods keep the old one until something else restarts them.", file))
	}
	if rolls {
		where := ""
		if len(kept) > 0 {
			where = " elsewhere"
		}
		kept = append(kept, fmt.Sprintf("The name of ConfigMap %s changes with its values%s, so a changed value rolls the pods as it does today; merging this rolls them once.", l.generator, where))
	}
	return kept, nil
}

// declare adds the changes of one overlay: each value becomes a reference, and
// the ConfigMap comes, or has the names if it was there.
func (l *lift) declare(u use, data *yaml.Node) error {
	name := strings.Replace(u.object.Ref.Name, l.Finding.Origin.Name, l.generator, 1)
	keeps, err := l.keepsName(u)
	if err != nil {
		return err
	}
	if keeps == "" {
		name = stableName(name + "-2222222222")
	}
	l.changes = append(l.changes, u.changes(l.referring(u.node, name))...)

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
			return nil
		}
	}
	whole := &yaml.Node{Kind: yaml.MappingNode}
	set(whole, ref.APIVersion, "apiVersion")
	set(whole, ref.Kind, "kind")
	put(whole, data, "data")
	add(overlay.Field{}, whole)
	return nil
}

// referring is a container whose variables come from the ConfigMap.
func (l *lift) referring(container *yaml.Node, name string) *yaml.Node {
	now := renamed(container, nil)
	env := child(now, "env")
	if !l.fromEnv() {
		for _, variable := range l.names {
			item := itemOf(env, "name", variable)
			*item = *without(item, "value")
			put(item, l.keyRef(name, variable), "valueFrom")
		}
		return now
	}
	env.Content = slices.DeleteFunc(env.Content, func(item *yaml.Node) bool { return slices.Contains(l.names, scalar(item, "name")) })
	if len(env.Content) == 0 {
		*now = *without(now, "env")
	}
	from := child(now, "envFrom")
	if from == nil {
		from = &yaml.Node{Kind: yaml.SequenceNode}
		assign(now, "envFrom", from)
	}
	from.Content = append(from.Content, envFrom(name))
	return now
}
