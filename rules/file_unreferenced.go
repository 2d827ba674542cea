package rules

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var _ = add(Rule{
	ID:        "file-unreferenced",
	Title:     "a file beside a kustomization that none reads",
	Why:       "It looks as if it were deployed, and is not.",
	Write:     "it under resources or patches; or take it out",
	Severity:  Info,
	Practices: []int{6},
	Survey: func(s *Survey) {
		folders := map[string]bool{}
		for _, o := range s.Overlays {
			folders[o.Path] = true
		}
		// What Flux applies as it is, without a kustomization there: every file counts.
		var delivered []string
		for _, note := range s.Notes {
			delivered = append(delivered, note.Delivered...)
		}
		for _, file := range s.Unread {
			dir := path.Dir(file)
			if !folders[dir] || otherwiseUsed.MatchString(file) {
				continue
			}
			if slices.ContainsFunc(delivered, func(p string) bool { return p == dir || strings.HasPrefix(dir, p+"/") && !folders[p] }) {
				continue
			}
			if kind := firstKind(s.Text(file)); kind != "" {
				s.Report(file, 1, fmt.Sprintf("no kustomization reads this %s", kind), dir)
			}
		}
	},
})

// otherwiseUsed are files that are read by others than kustomize, or are meant
// for a person to apply.
var otherwiseUsed = regexp.MustCompile(`(?i)(^|/)(\.|tests?/|examples?/|samples?/|docs?/|charts?/|templates?/|hack/)|(^|/)[^/]*(values|test|example|sample|skaffold|kustomization|kustomizeconfig|config)[^/]*\.ya?ml$`)

// firstKind is the kind of the first object in a text, "" where it is none.
func firstKind(file []byte) string {
	var document yaml.Node
	if len(file) > 1<<20 || !bytes.Contains(file, []byte("apiVersion")) || yaml.NewDecoder(bytes.NewReader(file)).Decode(&document) != nil || len(document.Content) == 0 {
		return ""
	}
	object := document.Content[0]
	if text(object, "apiVersion") == "" || strings.HasPrefix(text(object, "apiVersion"), "kustomize.config.k8s.io/") {
		return ""
	}
	return text(object, "kind")
}
