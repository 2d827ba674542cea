package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"regexp"
	"slices"
)

// A Note is what the text of one file says to rules, whatever else is in the
// tree: it stays as long as the file does.
type Note struct {
	Path string `json:"path"`
	// Comments are its ignore comments, also those that silence nothing.
	Comments []IgnoreComment `json:"comments,omitempty"`
	// Delivered are the folders that it lets Flux apply.
	Delivered []string `json:"delivered,omitempty"`
	// Defines is the hash of a file that holds CustomResourceDefinitions, ""
	// for others.
	Defines string `json:"defines,omitempty"`
	// Additions are what it lets Flux or Argo CD add to overlays, Sources the
	// URLs of the repositories that it names for Flux, by name.
	Additions []Addition        `json:"additions,omitempty"`
	Sources   map[string]string `json:"sources,omitempty"`
	// Installs are the workloads, as "Kind name", that it holds for others to
	// install.
	Installs []string `json:"installs,omitempty"`
}

// NoteFile reads the text of a file; false where it says nothing.
func NoteFile(path string, text []byte) (Note, bool) {
	note := Note{Path: path, Delivered: delivered(text)}
	for line, m := range comments(path, text) {
		note.Comments = append(note.Comments, IgnoreComment{path, line, m[1], m[2]})
	}
	slices.SortFunc(note.Comments, func(a, b IgnoreComment) int { return a.Line - b.Line })
	if bytes.Contains(text, []byte("kind: CustomResourceDefinition")) {
		sum := sha256.Sum256(text)
		note.Defines = hex.EncodeToString(sum[:10])
	}
	note.Additions, note.Sources = additions(path, text)
	note.Installs = installed(path, text)
	return note, len(note.Comments)+len(note.Delivered)+len(note.Additions)+len(note.Sources)+len(note.Installs) > 0 || note.Defines != ""
}

// delivered are the folders that Flux applies by what a file says.
func delivered(text []byte) []string {
	if !bytes.Contains(text, []byte("kustomize.toolkit.fluxcd.io")) {
		return nil
	}
	var paths []string
	for _, m := range fluxPath.FindAllSubmatch(text, -1) {
		paths = append(paths, path.Clean(string(m[1])))
	}
	return paths
}

var fluxPath = regexp.MustCompile(`(?m)^\s+path:\s*["']?\.?/?([^"'\s]+)["']?\s*$`)

// Ignores are the comments that silence a rule. Those that silence nothing are
// findings of rule ignore-invalid.
func Ignores(notes []Note, policy Policy) []IgnoreComment {
	var out []IgnoreComment
	for _, note := range notes {
		for _, c := range note.Comments {
			if policy.ignoreFault(c.Rule, c.Reason, commentForm) == "" {
				out = append(out, c)
			}
		}
	}
	return out
}
