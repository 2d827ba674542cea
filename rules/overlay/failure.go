package overlay

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// failure finds what broke a build. What the files themselves show comes
// first: the engine's words name no line, and often no file.
type failure struct {
	snapshot *Snapshot
	closure  *closure
	served   *serving
	overlay  string
	words    string // the engine's, without its own paths
}

// explainFailure says what broke a build, at the file and line at fault.
func (s *Snapshot) explainFailure(ctx context.Context, dir string, c *closure, served *serving, err error) *BuildError {
	f := &failure{s, c, served, dir, withoutRoot(err.Error())}
	answer := f.find(ctx)
	answer.Overlay = dir
	answer.Said = said(f.words)
	switch {
	case overLimit.MatchString(f.words):
		answer.Reason = ReasonLimit
	case strings.Contains(f.words, errOutside.Error()):
		answer.Reason = ReasonOutside
	}
	if answer.Hint == "" {
		answer.Hint = hintAt(f.words)
	}
	return answer
}

// overLimit is what the tree answers where a build goes past its limits.
var overLimit = regexp.MustCompile(`larger than \d+ bytes|more than \d+ look-ups|too large to be read`)

func (f *failure) find(ctx context.Context) *BuildError {
	for _, find := range []func() *BuildError{
		f.folder, f.kustomizations, f.schema, f.missing, f.idle, f.yaml, f.patchTarget, f.patchForm, f.operation, f.duplicate, f.mergesNothing, f.shapeless,
	} {
		if answer := find(); answer != nil {
			return answer
		}
	}
	if answer := f.culprit(ctx); answer != nil {
		return answer
	}
	if answer := f.named(); answer != nil {
		return answer
	}
	return f.at(f.file(), nil, ReasonInvalid, said(f.words), "")
}

func (f *failure) file() string {
	if len(f.closure.kustomizations) > 0 {
		return f.closure.kustomizations[0].path
	}
	return path.Join(f.overlay, kustomizationNames[0])
}

// at is the answer at a node of a file, at the file's start where that is nil.
func (f *failure) at(file string, n *yaml.Node, reason, message, hint string) *BuildError {
	e := &BuildError{Reason: reason, Path: file, Line: 1, Column: 1, Message: message, Hint: hint}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	return e
}

// from is the answer at a source.
func (f *failure) from(s Source, message, hint string) *BuildError {
	return &BuildError{Reason: ReasonInvalid, Path: s.Path, Line: max(s.Line, 1), Column: max(s.Column, 1), Message: message, Hint: hint}
}

// folder finds an overlay that is none.
func (f *failure) folder() *BuildError {
	if _, names, err := f.snapshot.kustomizationIn(f.overlay); err == nil && len(names) > 0 {
		return nil
	}
	return f.at(path.Join(f.overlay, kustomizationNames[0]), nil, ReasonMissing, "the folder has no kustomization", f.alike(f.overlay))
}

// alike is a hint at a file of a folder that may have been meant to be its
// kustomization, "" where there is none.
func (f *failure) alike(dir string) string {
	kinds, err := f.snapshot.folder(dir)
	if err != nil {
		return ""
	}
	for _, entry := range sortedEntries(kinds) {
		file := path.Join(dir, entry.Name)
		switch known := slices.Contains(kustomizationNames, entry.Name); {
		case known && entry.Kind == Link:
			if target, err := f.snapshot.store.readlink(file); err == nil {
				return fmt.Sprintf("%s is a link to %s, which is not there", file, target)
			}
		case !known && slices.Contains([]string{"kustomization.yaml", "kustomization.yml", "kustomization"}, strings.ToLower(entry.Name)):
			return fmt.Sprintf("rename %s: kustomize takes kustomization.yaml, kustomization.yml and Kustomization", file)
		}
	}
	return ""
}

func orNode(n, other *yaml.Node) *yaml.Node {
	if n == nil {
		return other
	}
	return n
}

// refused is the answer for an overlay with a refusal.
func refused(dir string, r Refusal) *BuildError {
	message := r.Message
	if r.Text != "" {
		message = r.Text + " " + message
	}
	return &BuildError{Overlay: dir, Reason: r.Reason, Path: r.Path, Line: r.Line, Column: r.Column, Message: message}
}
