package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "entry-without-effect",
	Title:     "an entry of a kustomization that changes nothing",
	Why:       "Somebody meant it to change something: a name is misspelt, or what it changed is gone.",
	Write:     "the name that the resources have; or take the entry out",
	Severity:  Warning,
	Practices: []int{6},
	Check: func(pass *Pass) {
		written := writtenImages(pass.Build)
		names := imageNames(pass.Build, written)
		for _, file := range pass.Build.Kustomizations() {
			if path.Base(path.Dir(file.Path)) == "flux-system" {
				continue // flux bootstrap writes what its patches are for
			}
			for i, node := range file.Entries("images") {
				name := text(node, "name")
				idle := name != "" && !slices.ContainsFunc(names, func(n string) bool { return n == name || wildcard(name, n) })
				noteEntry(pass, file, "images", i, name, nearestName(name, names), idle)
			}
			for i, node := range file.Entries("replicas") {
				// In production a number is often said again on purpose.
				noteEntry(pass, file, "replicas", i, text(node, "name"), "", !pass.Build.Production && saidBefore(pass, node))
			}
			for i, node := range file.Entries("replacements") {
				if targets := items(node, "targets"); len(targets) > 0 {
					noteEntry(pass, file, "replacements", i, replacementName(node), "", !slices.ContainsFunc(targets, func(n *yaml.Node) bool { return selectsAny(pass, child(n, "select")) }))
				}
			}
			for i, node := range file.Entries("patches") {
				target := child(node, "target")
				if target == nil || target.Kind != yaml.MappingNode {
					continue // the engine refuses one that finds nothing, as it does replicas
				}
				noteEntry(pass, file, "patches", i, targetName(target), "", !targeted(pass, target))
			}
		}
	},
	Join: func(j *Joint) {
		works := map[string]bool{}
		facts := observed[entryFact](j, j.Head)
		for _, f := range facts {
			works[f.Value.key()] = works[f.Value.key()] || !f.Value.Idle
		}
		for _, f := range facts {
			if e := f.Value; !works[e.key()] && j.sees(e.Source.Path) {
				j.Fault(Place{Source: e.Source}, Fault{Reason: e.List + " " + e.Name, Message: e.message()}, f.Overlay)
			}
		}
	},
})

// An entryFact is an entry of a kustomization and whether it is idle in one build.
type entryFact struct {
	Source overlay.Source `json:"source"`
	List   string         `json:"list"`
	Name   string         `json:"name"`
	Near   string         `json:"near,omitempty"`
	Idle   bool           `json:"idle,omitempty"`
}

func (e entryFact) key() string { return e.Source.String() + "\x00" + e.List + "\x00" + e.Name }

func (e entryFact) message() string {
	message := fmt.Sprintf("the entry %s of %s changes nothing in any overlay", e.Name, e.List)
	if e.Near != "" {
		message += fmt.Sprintf("; did you mean %s?", e.Near)
	}
	return message
}

// noteEntry notes an entry. What finds nothing by its name is put to the test:
// the build without it is the same.
func noteEntry(pass *Pass, file overlay.KustomizationFile, list string, index int, name, near string, idle bool) {
	if idle {
		same, err := pass.Build.SameWithout(pass.run.ctx, file.Path, list, index)
		if err != nil && pass.run.err == nil {
			pass.run.err = err
		}
		idle = same
	}
	node := file.Entries(list)[index]
	pass.Fact(entryFact{
		Source: overlay.Source{Path: file.Path, Line: node.Line, Column: node.Column, EndLine: node.Line}, List: list, Name: name, Near: near, Idle: idle,
	})
}

// saidBefore reports whether a document says the replicas of an entry already.
func saidBefore(pass *Pass, entry *yaml.Node) bool {
	name, count := text(entry, "name"), text(entry, "count")
	return slices.ContainsFunc(pass.Build.Documents(), func(d overlay.Document) bool {
		return slices.ContainsFunc(d.Objects, func(n *yaml.Node) bool {
			return text(n, "metadata", "name") == name && text(n, "spec", "replicas") == count && count != ""
		})
	})
}

// replacementName says what a replacement takes.
func replacementName(n *yaml.Node) string {
	source := child(n, "source")
	return strings.Join(strings.Fields(text(source, "kind")+" "+text(source, "name")+" "+text(source, "fieldPath")), " ")
}

// selectsAny reports whether the build has an object of the kind and name that
// a target of a replacement selects, as it is named there or before.
func selectsAny(pass *Pass, selector *yaml.Node) bool {
	kind, name := text(selector, "kind"), text(selector, "name")
	return slices.ContainsFunc(pass.Build.Objects, func(o *overlay.Object) bool {
		return (kind == "" || kind == o.Ref.Kind) && (name == "" || name == o.Ref.Name || name == o.Origin.Name)
	})
}

// imageNames are the names of images that an entry can find: those that the
// documents write, and those that other entries make of them.
func imageNames(build *overlay.Build, written map[string][]overlay.Source) []string {
	var names []string
	for reference := range written {
		if i, ok := parseImage(reference); ok {
			names = append(names, i.name)
		} else {
			names = append(names, reference)
		}
	}
	for _, entry := range imageEntries(build) {
		if name := entry.newName(); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// wildcard reports whether the name of an entry, which is a pattern to
// kustomize, may stand for the name of an image.
func wildcard(entry, name string) bool {
	pattern, err := regexp.Compile("^" + entry + "$")
	return err == nil && pattern.MatchString(name)
}

// nearestName is the name that a misspelt one most likely is, "" for none.
func nearestName(name string, names []string) string {
	for _, other := range names {
		if hub := "docker.io/"; name == hub+other || other == hub+name || name == hub+"library/"+other || typo(name, other) {
			return other
		}
	}
	return ""
}

// targeted reports whether the target of a patch may find an object: by kind
// and name here; what else it asks for is left to the build.
func targeted(pass *Pass, target *yaml.Node) bool {
	for o := range pass.Objects() {
		kind, name := text(target, "kind"), text(target, "name")
		if (kind == "" || wildcard(kind, o.Ref.Kind)) && (name == "" || wildcard(name, o.Ref.Name) || wildcard(name, o.Origin.Name)) {
			return true
		}
	}
	return false
}

func targetName(target *yaml.Node) string {
	words := []string{text(target, "kind"), text(target, "name")}
	return strings.TrimSpace(strings.Join(words, " "))
}
