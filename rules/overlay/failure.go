package overlay

import (
	"path"
	"strings"
)

// explainFailure says what broke a build, at the file and line at fault.
func (s *Snapshot) explainFailure(dir string, err error) *BuildError {
	message := strings.ReplaceAll(err.Error(), treeRoot+"/", "")
	return &BuildError{
		Overlay: dir, Reason: ReasonInvalid, Path: path.Join(dir, kustomizationNames[0]), Line: 1, Column: 1,
		Message: message,
	}
}

// refused is the answer for an overlay with a refusal.
func refused(dir string, r Refusal) *BuildError {
	message := r.Message
	if r.Text != "" {
		message = r.Text + " " + message
	}
	return &BuildError{Overlay: dir, Reason: r.Reason, Path: r.Path, Line: r.Line, Column: r.Column, Message: message}
}
