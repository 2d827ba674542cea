package overlay

import (
	"path"
	"slices"
)

// standsIn reports whether an empty file stands in for one that is not there:
// it is configured as made by a pipeline before the build. No kustomization is
// made up.
func (s *Snapshot) standsIn(name string) bool {
	return !slices.Contains(kustomizationNames, path.Base(name)) && matchesAny(s.options.Generated, name)
}
