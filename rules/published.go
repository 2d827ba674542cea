package rules

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Some repositories build overlays for others to install, and deploy none of
// them. Nobody knows there how much the pods will have to do, and the tag of
// the repository's own image is set when it releases. Two conventions show it:
// the output of the overlay stands in the tree as a file to install, and the
// folders config/default and config/manager that kubebuilder makes.

// ofUsers are the rules about what only those who install it know, ofReleases
// those about a tag that a release sets.
var (
	ofUsers    = []string{"best-effort", "missing-requests"}
	ofReleases = []string{"image-floating", "image-untagged", "pull-policy"}
)

// installWords are the words by which files to install go.
var installWords = []string{"install", "installer", "components", "bundle", "release"}

var (
	pathWords     = regexp.MustCompile(`[^a-z0-9]+`)
	betweenYAML   = regexp.MustCompile(`(?m)^---`)
	kindOfRunning = regexp.MustCompile(`(?m)^kind:\s*["']?(Deployment|StatefulSet|DaemonSet)["']?\s*$`)
	nameOf        = regexp.MustCompile(`(?m)^metadata:\s*\n(?:[ \t]+.*\n)*?  name:\s*["']?([^"'\s]+)`)
)

// installed are the workloads, as "Kind name", of a file that is there to be
// installed as it is; nil for others.
func installed(file string, text []byte) []string {
	words := pathWords.Split(strings.ToLower(path.Base(file)), -1)
	if !slices.ContainsFunc(words, func(word string) bool { return slices.Contains(installWords, word) }) || environmentIn(file) != "" {
		return nil
	}
	var workloads []string
	documents := betweenYAML.FindAllIndex(text, -1)
	from := 0
	for _, end := range append(documents, []int{len(text), len(text)}) {
		document := text[from:end[0]]
		from = end[1]
		if kind := kindOfRunning.FindSubmatch(document); kind != nil {
			if name := nameOf.FindSubmatch(document); name != nil {
				workloads = append(workloads, string(kind[1])+" "+string(name[1]))
			}
		}
	}
	if len(documents) == 0 || bytes.Contains(text, []byte("kind: Kustomization")) {
		return nil // one object alone is rather a source than what was built
	}
	return workloads
}

// Published are the files that the tree holds for others to install, by the
// workloads in them: those that no overlay reads and Flux does not apply.
func Published(seen Seen) map[string]string {
	var out map[string]string
	for _, note := range seen.Notes {
		if len(note.Installs) == 0 || !slices.Contains(seen.Unread, note.Path) || seen.delivers(note.Path) {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		for _, workload := range note.Installs {
			if out[workload] == "" {
				out[workload] = note.Path
			}
		}
	}
	return out
}

// delivers reports whether Flux applies a file.
func (s Seen) delivers(file string) bool {
	return slices.ContainsFunc(s.Notes, func(n Note) bool {
		return slices.ContainsFunc(n.Delivered, func(dir string) bool { return dir == "." || strings.HasPrefix(file, dir+"/") })
	})
}

// publish makes what is found in objects that others install, and that those
// or a release will settle, info that says so.
func (r *run) publish(published map[string]string, x *index) {
	scaffolds := r.scaffolds()
	if r.build.Production || len(published)+len(scaffolds) == 0 {
		return // somebody runs it here
	}
	own := released(r.build, x.workloads, published)
	for i, f := range r.found {
		by, file, settled := scaffold(scaffolds, f.Path), "", ""
		switch container := f.Container(); {
		case slices.Contains(ofUsers, f.Rule):
			file = published[f.Object.Kind+" "+f.Object.Name]
			settled = "and they know how much it has to do there: a default helps them"
		case slices.Contains(ofReleases, f.Rule) && len(container) > 0:
			if container.Last() != overlay.ItemStep("name", "manager") {
				by = ""
			}
			file = own[imageAt(x, f.Object, container)]
			settled = "so let the release set the tag of this image, which is the repository's own"
		}
		if file != "" {
			by = "this from " + file
		}
		if by == "" || settled == "" {
			continue
		}
		r.found[i].Message += fmt.Sprintf("; others install %s, %s", by, settled)
		r.found[i].Severity = r.policy.SeverityAt(f.Rule, min(f.Severity, Info), f.Path, f.Overlays, []string{r.build.Environment})
	}
}

// released are the images of published workloads that an entry of images sets,
// each with a file that has it: the repository's own, whose tag a release sets there.
func released(build *overlay.Build, workloads []*Workload, published map[string]string) map[string]string {
	entries := map[string]bool{}
	for _, entry := range imageEntries(build) {
		entries[entry.name()], entries[entry.newName()] = true, true
	}
	own := map[string]string{}
	for _, w := range workloads {
		file := published[w.Object.Ref.Kind+" "+w.Object.Ref.Name]
		for _, c := range w.Containers {
			if i, ok := parseImage(c.Value("image")); ok && file != "" && entries[i.name] {
				own[i.name] = file
			}
		}
	}
	return own
}

// scaffolds are the folders config that kubebuilder laid out: those of which
// the build reads default, manager and what the manager may do or defines.
func (r *run) scaffolds() []string {
	var read []string
	for _, file := range r.build.Kustomizations() {
		read = append(read, path.Dir(file.Path))
	}
	var out []string
	for _, dir := range read {
		config := path.Dir(dir)
		if path.Base(dir) == "manager" && path.Base(config) == "config" && slices.Contains(read, config+"/default") &&
			(slices.Contains(read, config+"/rbac") || slices.Contains(read, config+"/crd")) {
			out = append(out, config)
		}
	}
	return out
}

// scaffold says what others install where a file is one of those that
// kubebuilder laid out for its manager, "" where it is not.
func scaffold(scaffolds []string, file string) string {
	dir, last := path.Dir(path.Dir(file)), path.Base(path.Dir(file))
	if slices.Contains(scaffolds, dir) && (last == "manager" || last == "default") {
		return fmt.Sprintf("what %s/default builds to", dir)
	}
	return ""
}

// imageAt is the name of the image of a container, "" where there is none.
func imageAt(x *index, ref overlay.ObjectRef, container overlay.Field) string {
	o := x.named[name{ref.Kind, ref.Namespace, ref.Name}]
	if o == nil {
		return ""
	}
	i, _ := parseImage(text(o.Lookup(container), "image"))
	return i.name
}
