package overlay

import (
	"path"
	"slices"
)

// standsIn reports whether an empty file stands in for one that is not there:
// it is configured as made by a pipeline before the build. A patch cannot be
// empty, and no kustomization is made up.
func (s *Snapshot) standsIn(name string, r role) bool {
	return r != rolePatch && r != roleComponent && !slices.Contains(kustomizationNames, path.Base(name)) && matchesAny(s.options.Generated, name)
}
