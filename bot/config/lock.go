package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// within reads what stands at a step below, unless a file above has locked it.
// A value that is whole, and right, is kept with its place.
func (r *reader) within(step string, at *yaml.Node, whole bool, value *yaml.Node, read func()) {
	r.at = append(r.at, step)
	defer func() { r.at = r.at[:len(r.at)-1] }()
	if lock, ok := r.lock(r.key()); ok {
		r.fault(at, "%s is locked in line %d of %s; take it out here", r.key(), lock.Line, lock.File)
		return
	}
	before := len(r.faults)
	if read(); whole && r.items == 0 && len(r.faults) == before {
		r.took(at, flow(value))
	}
}

// lock is the lock that a key is under.
func (r *reader) lock(key string) (Setting, bool) {
	i := slices.IndexFunc(r.locked, func(l Setting) bool {
		rest, below := strings.CutPrefix(key, l.Key)
		return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
	if i < 0 {
		return Setting{}, false
	}
	return r.locked[i], true
}

// lockBelow is a lock of something below a key, which ends in a dot.
func (r *reader) lockBelow(key string) (Setting, bool) {
	i := slices.IndexFunc(r.locked, func(l Setting) bool { return strings.HasPrefix(l.Key, key) })
	if i < 0 {
		return Setting{}, false
	}
	return r.locked[i], true
}

// key is the way to what is read from the section's start.
func (r *reader) key() string {
	var b strings.Builder
	for i, step := range r.at {
		if i > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return plainKey(b.String())
}

// plainKey is a key as it is told: the severity of a rule is what stands at the
// rule, whichever way it is written.
func plainKey(key string) string {
	if strings.HasPrefix(key, "rules.") {
		return strings.TrimSuffix(strings.TrimSuffix(key, "."+elsewhere), ".severity")
	}
	return key
}
