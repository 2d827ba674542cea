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
