package overlay

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// dataOf are the places in a kustomization's generators, and in the files that
// they name, that say a key of the data of o.
func (b *Build) dataOf(o *Object, k *kustomization, field Field) []Source {
	if len(field) != 2 || !slices.Contains([]string{"data", "binaryData", "stringData"}, field[0]) {
		return nil
	}
	var all []Source
	for _, in := range k.generators() {
		if in.ref.Kind == o.Ref.Kind && in.ref.Name == o.Origin.Name {
			all = append(all, b.dataIn(in, field.Last())...)
		}
	}
	return all
}

// dataIn are the places that say a key of the data that one entry generates:
// its literal, its file, and the lines of its env files.
func (b *Build) dataIn(in *introduction, key string) []Source {
	var all []Source
	add := func(file string, line, column int) {
		all = append(all, Source{Path: file, Line: line, Column: column, By: ByGenerator, How: HowNode, Exact: true})
	}
	for _, literal := range items(entry(in.node, "literals")) {
		if name, _, ok := strings.Cut(literal.Value, "="); ok && name == key {
			add(in.generator.path, literal.Line, literal.Column)
		}
	}
	for _, item := range items(entry(in.node, "files")) {
		name, file, keyed := strings.Cut(scalar(deref(item)), "=")
		if !keyed {
			name, file = path.Base(name), name
		}
		if at, err := b.snapshot.resolve(path.Join(in.generator.dir, file)); err == nil && name == key {
			add(at.path, 1, 1)
		}
	}
	for _, item := range append(slices.Clone(items(entry(in.node, "envs"))), entry(in.node, "env")) {
		all = append(all, b.linesOf(path.Join(in.generator.dir, scalar(deref(item))), key)...)
	}
	return all
}

// linesOf are the lines of a file of key=value that say a key.
func (b *Build) linesOf(file, key string) []Source {
	at, err := b.snapshot.resolve(file)
	if err != nil || at.kind == Folder {
		return nil // the build has read it or has failed
	}
	data, err := b.snapshot.ReadFile(file)
	if err != nil {
		return nil
	}
	var all []Source
	for i, line := range strings.Split(string(data), "\n") {
		// A key alone takes its value from the environment of who builds.
		if name, _, _ := strings.Cut(strings.TrimSuffix(line, "\r"), "="); name == key {
			all = append(all, Source{Path: at.path, Line: i + 1, Column: min(len([]rune(name))+2, len([]rune(line))+1), EndLine: i + 1, By: ByGenerator, How: HowNode, Exact: true})
		}
	}
	return all
}

// merges reports whether a generator's entry changes an object that is there,
// in place of making one.
func (in *introduction) merges() bool {
	behavior := scalar(entry(in.node, "behavior"))
	return behavior == "merge" || behavior == "replace"
}

// takes reports whether a generator's entry takes its data from a file.
func (in *introduction) takes(file string) bool {
	named := append(slices.Clone(items(entry(in.node, "files"))), items(entry(in.node, "envs"))...)
	return slices.ContainsFunc(append(named, entry(in.node, "env")), func(n *yaml.Node) bool {
		text := scalar(deref(n))
		if _, after, keyed := strings.Cut(text, "="); keyed {
			text = after
		}
		return text != "" && path.Join(in.generator.dir, text) == file
	})
}

// entryOf is the source of what a generator makes up itself: the entry that
// had it do so.
func (in *introduction) entryOf(field Field, n *yaml.Node) (Source, bool) {
	source := in.source
	source.How, source.Exact = HowToken, true
	switch {
	case field.identifies() && field.Last() == "name":
		name := entry(in.node, "name").Value
		if hashSuffix.ReplaceAllString(n.Value, "") == name && n.Value != name {
			source.By = ByKustomize
		}
		return source, n.Value == name || source.By == ByKustomize
	case field.identifies(), field.String() == "type":
		return source, true
	case field.String() == "metadata.namespace":
		at := entry(in.node, "namespace")
		if at == nil || at.Value != n.Value {
			return Source{}, false
		}
		source.Line, source.Column, source.EndLine = at.Line, at.Column, at.Line
		return source, true
	}
	return Source{}, false
}
