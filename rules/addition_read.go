package rules

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// additions are what the objects of Flux and Argo CD in a text add to what
// they build, and the URLs of the repositories that it names for Flux.
func additions(file string, src []byte) (all []Addition, sources map[string]string) {
	if len(src) > 1<<20 || !bytes.Contains(src, []byte("toolkit.fluxcd.io/")) && !bytes.Contains(src, []byte("argoproj.io/")) {
		return nil, nil
	}
	documents := yaml.NewDecoder(bytes.NewReader(src))
	for range maxRead {
		var document yaml.Node
		if documents.Decode(&document) != nil {
			break // the end, or what does not parse, which is told elsewhere
		}
		if len(document.Content) == 0 {
			continue
		}
		object := document.Content[0]
		spec := child(object, "spec")
		switch group, _, _ := strings.Cut(text(object, "apiVersion"), "/"); group + " " + text(object, "kind") {
		case "kustomize.toolkit.fluxcd.io Kustomization":
			all = append(all, fluxAddition(object, spec))
		case "source.toolkit.fluxcd.io GitRepository":
			if sources == nil {
				sources = map[string]string{}
			}
			sources[text(child(object, "metadata"), "name")] = text(spec, "url")
		case "argoproj.io Application":
			all = append(all, argoAdditions(object, spec, "Argo CD Application ", nil)...)
		case "argoproj.io ApplicationSet":
			all = append(all, argoAdditions(object, child(child(spec, "template"), "spec"), "Argo CD ApplicationSet ", generated(spec))...)
		}
	}
	all = slices.DeleteFunc(all, func(a Addition) bool { return len(a.Folders) == 0 || a.isEmpty() })
	for i := range all {
		all[i].Path = file
	}
	return all, sources
}

// maxRead bounds the documents of a file that are looked at, and deepest how
// deep a patch may be.
const maxRead, deepest = 1000, 100

// aliased reports whether a patch has aliases, which may lead back to it, or is
// too deep: none is written so.
func aliased(n *yaml.Node, depth int) bool {
	return n.Kind == yaml.AliasNode || depth > deepest || slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return aliased(c, depth+1) })
}

func (a Addition) isEmpty() bool {
	return len(a.Patches)+len(a.Images)+len(a.Replicas)+len(a.Labels)+len(a.Annotations) == 0 && !a.Namespace && !a.Destination && !a.Names && !a.Components && !a.Substitutes
}

// fluxAddition is what a Flux Kustomization adds.
func fluxAddition(object, spec *yaml.Node) Addition {
	name := text(child(object, "metadata"), "name")
	from := child(spec, "sourceRef")
	a := Addition{By: "Flux Kustomization " + name, Line: object.Line, Source: text(from, "name"),
		Namespace: text(spec, "targetNamespace") != "", Names: text(spec, "namePrefix")+text(spec, "nameSuffix") != "",
		Components: len(items(spec, "components")) > 0}
	if kind := text(from, "kind"); kind == "" || kind == "GitRepository" {
		a.Folders = folders(text(spec, "path"), nil)
	}
	build := child(spec, "postBuild")
	a.Substitutes = len(keys(child(build, "substitute")))+len(items(build, "substituteFrom")) > 0
	metadata := child(spec, "commonMetadata")
	a.Labels, a.Annotations = keys(child(metadata, "labels")), keys(child(metadata, "annotations"))
	for _, image := range items(spec, "images") {
		a.Images = append(a.Images, text(image, "name"))
	}
	a.Patches = patchesOf(spec)
	return a
}

// argoAdditions are what an Application, or those that an ApplicationSet makes,
// adds to each of its sources.
func argoAdditions(object, spec *yaml.Node, kind string, generated []string) []Addition {
	var all []Addition
	sources := items(spec, "sources")
	if source := child(spec, "source"); source != nil {
		sources = append([]*yaml.Node{source}, sources...)
	}
	destination := text(spec, "destination", "namespace") != ""
	for _, source := range sources {
		by := child(source, "kustomize")
		a := Addition{By: kind + text(child(object, "metadata"), "name"), Line: object.Line, Folders: folders(text(source, "path"), generated),
			Repository: text(source, "repoURL"), Namespace: text(by, "namespace") != "", Destination: destination, Names: text(by, "namePrefix")+text(by, "nameSuffix") != "",
			Labels: keys(child(by, "commonLabels")), Annotations: keys(child(by, "commonAnnotations")), Components: len(items(by, "components")) > 0, Patches: patchesOf(by)}
		for _, image := range items(by, "images") {
			a.Images = append(a.Images, imageName(image.Value))
		}
		for _, replicas := range items(by, "replicas") {
			a.Replicas = append(a.Replicas, text(replicas, "name"))
		}
		all = append(all, a)
	}
	return all
}

// imageName is the image that an entry of Argo CD's means: "name=other:tag",
// "name:tag" or "name@digest".
func imageName(entry string) string {
	name, _, renamed := strings.Cut(entry, "=")
	if renamed {
		return name
	}
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	return name
}

var (
	// templated is what an ApplicationSet puts a value in place of.
	templated = regexp.MustCompile(`\{\{[^{}]*\}\}`)
	// special are the letters that mean something to path.Match.
	special = regexp.MustCompile(`[\\\[?]`)
)

// folders are the patterns of the folders that a path may name. generated are
// those of a generator of folders, for a path that is nothing but its value.
func folders(written string, generated []string) []string {
	if written == "" || special.MatchString(written) {
		return nil
	}
	pattern := path.Clean(strings.TrimLeft(templated.ReplaceAllString(written, "*"), "/"))
	switch {
	case strings.HasPrefix(pattern, ".."):
		return nil
	case strings.Trim(pattern, "*/") == "": // any folder at all says nothing
		return generated
	}
	return []string{pattern}
}

// generated are the patterns of folders that an ApplicationSet's generators list.
func generated(spec *yaml.Node) []string {
	var out []string
	for _, generator := range items(spec, "generators") {
		for _, folder := range items(child(generator, "git"), "directories") {
			if pattern := text(folder, "path"); text(folder, "exclude") != "true" && strings.Trim(pattern, "*/") != "" && !special.MatchString(pattern) {
				out = append(out, path.Clean(pattern))
			}
		}
	}
	return out
}

// patchesOf are the patches that a spec lists, by any of the names for that.
func patchesOf(spec *yaml.Node) []AddedPatch {
	var all []AddedPatch
	for _, key := range []string{"patches", "patchesJson6902"} {
		for _, item := range items(spec, key) {
			patch := child(item, "patch")
			if patch != nil && patch.Kind == yaml.ScalarNode {
				var document yaml.Node
				if yaml.Unmarshal([]byte(patch.Value), &document) != nil || len(document.Content) == 0 {
					continue
				}
				patch = document.Content[0]
			}
			all = append(all, addedPatch(patch, child(item, "target")))
		}
	}
	for _, patch := range items(spec, "patchesStrategicMerge") {
		all = append(all, addedPatch(patch, nil))
	}
	return slices.DeleteFunc(all, func(p AddedPatch) bool { return len(p.Fields) == 0 })
}

// addedPatch reads a patch of either kind.
func addedPatch(patch, target *yaml.Node) AddedPatch {
	if patch == nil || aliased(patch, 0) {
		return AddedPatch{}
	}
	p := AddedPatch{Kind: text(target, "kind"), Name: text(target, "name"), Namespace: text(target, "namespace")}
	if patch.Kind == yaml.SequenceNode {
		for _, op := range patch.Content {
			if pointer := text(op, "path"); pointer != "" && text(op, "op") != "test" {
				p.Fields = append(p.Fields, fieldAt(pointer))
			}
		}
		return p
	}
	if target == nil {
		p.Kind, p.Name = regexp.QuoteMeta(text(patch, "kind")), regexp.QuoteMeta(text(child(patch, "metadata"), "name"))
	}
	p.Fields = patched(patch, nil)
	return p
}

// fieldAt is the field at a JSON pointer.
func fieldAt(pointer string) overlay.Field {
	var field overlay.Field
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		if _, err := strconv.Atoi(step); err == nil {
			step = "[" + step + "]"
		} else if step == "-" {
			step = "*"
		}
		field = append(field, step)
	}
	return field
}

// patched are the fields that a merge patch says, but for those that name what
// it is for.
func patched(n *yaml.Node, at overlay.Field) []overlay.Field {
	var all []overlay.Field
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		for i := 0; i+1 < len(n.Content); i += 2 {
			field := at.Append(n.Content[i].Value)
			if said := field.String(); said == "apiVersion" || said == "kind" || said == "metadata.name" || said == "metadata.namespace" || strings.HasPrefix(field.Last(), "$") {
				continue
			}
			all = append(all, patched(n.Content[i+1], field)...)
		}
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		for _, item := range n.Content {
			step := "*"
			if name := text(item, "name"); name != "" {
				step = "[name=" + name + "]"
			}
			for _, field := range patched(item, at.Append(step)) {
				if field.Last() != "name" || step == "*" {
					all = append(all, field)
				}
			}
		}
	default:
		return []overlay.Field{at}
	}
	return all
}
