package overlay

// standsIn reports whether an empty file stands in for one that is not there:
// it is configured as made by a pipeline before the build, and is not a patch,
// which cannot be empty.
func (s *Snapshot) standsIn(name string, r role) bool {
	return r != rolePatch && r != roleComponent && matchesAny(s.options.Generated, name)
}
