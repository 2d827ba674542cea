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
func (r *run) publish(published map[string]string) {
	if r.build.Production {
		return // somebody runs it
	}
	folders := r.scaffolds()
	if len(published)+len(folders) == 0 {
		return
	}
	own := map[string]bool{} // the images that an entry of images sets
	for _, entry := range imageEntries(r.build) {
		own[entry.name()], own[entry.newName()] = true, true
	}
	for i, f := range r.found {
		by := published[f.Object.Kind+" "+f.Object.Name]
		scaffold := ""
		for _, dir := range folders {
			if in := path.Dir(f.Path); in == dir+"/manager" || in == dir+"/default" {
				scaffold = dir + "/default"
			}
		}
		if by == "" && scaffold == "" {
			continue
		}
		if _, set := r.policy.SeverityAt(f.Rule, f.Path, f.Overlays); set {
			continue // the repository knows what it wants
		}
		from := fmt.Sprintf("others install this from %s", by)
		if by == "" {
			from = fmt.Sprintf("others install what %s builds to", scaffold)
		}
		switch container := f.Container(); {
		case slices.Contains(ofUsers, f.Rule):
			r.found[i].Message += "; " + from + ", and they know how much it has to do there: a default helps them"
		case slices.Contains(ofReleases, f.Rule) && (scaffold != "" && container.Last() == overlay.ItemStep("name", "manager") || own[r.imageAt(f.Object, container)]):
			r.found[i].Message += "; " + from + ", so let the release set the tag of this image, which is the repository's own"
		default:
			continue
		}
		r.found[i].Severity = min(f.Severity, Info)
	}
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
		config, last := path.Split(dir)
		config = strings.TrimSuffix(config, "/")
		if last == "manager" && path.Base(config) == "config" && slices.Contains(read, config+"/default") &&
			(slices.Contains(read, config+"/rbac") || slices.Contains(read, config+"/crd")) {
			out = append(out, config)
		}
	}
	return out
}

// imageAt is the name of the image of a container, "" where there is none.
func (r *run) imageAt(ref overlay.ObjectRef, container overlay.Field) string {
	for _, o := range r.build.Objects {
		if o.Ref != ref || len(container) == 0 {
			continue
		}
		if i, ok := parseImage(text(o.Lookup(container), "image")); ok {
			return i.name
		}
	}
	return ""
}
