package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kustodian/kustodian/rules"
)

// InForce are the settings that count for a file or an overlay, sorted by key:
// what a section that covers it says before what is said for all of the
// repository. A setting without a File is a default.
func (c Config) InForce(at string) []Setting {
	out := c.defaults()
	put := func(s Setting) {
		i := slices.IndexFunc(out, func(o Setting) bool { return o.Key == s.Key })
		if i < 0 || list(s) == "ignore" { // those of a part are added
			out = append(out, s)
			return
		}
		out[i] = s
	}
	for _, s := range c.Settings {
		if s.Section == "" {
			put(s)
		}
	}
	for i, section := range c.Sections {
		again := slices.ContainsFunc(c.Sections[:i], func(s Section) bool { return s.Path == section.Path })
		if again || !rules.Covers(section.Path, at, nil) {
			continue
		}
		said := slices.DeleteFunc(slices.Clone(c.Settings), func(s Setting) bool { return s.Section != section.Path })
		// What a part says of a rule everywhere counts before what the whole
		// says of it in an environment.
		out = slices.DeleteFunc(out, func(o Setting) bool {
			rule, _, by := strings.Cut(o.Key, ".severity.")
			return by && slices.ContainsFunc(said, func(s Setting) bool { return s.Key == rule })
		})
		var first []Setting
		for _, s := range said {
			if list(s) == "resources" { // the first match wins, and those of a part come before
				first = append(first, s)
				continue
			}
			put(s)
		}
		out = append(first, out...)
	}
	slices.SortStableFunc(out, func(a, b Setting) int { return strings.Compare(list(a), list(b)) })
	return out
}

// list is the key of a setting, of an item that of its list.
func list(s Setting) string {
	key, _, _ := strings.Cut(s.Key, "[")
	return key
}

// defaults are the settings of a repository whose files say nothing.
func (c Config) defaults() []Setting {
	mode := Default().PullRequests.Mode
	if c.Exists {
		mode = Automatic
	}
	out := []Setting{
		{Key: "fix.pullRequests", Value: mode},
		{Key: "fix.max", Value: strconv.Itoa(Default().PullRequests.Max)},
		{Key: "sweep.schedule", Value: "once a week"},
		{Key: "sweep.timezone", Value: "UTC"},
	}
	for rule := range rules.All() {
		out = append(out, Setting{Key: "rules." + rule.ID, Value: rule.Severity.String()})
	}
	return out
}

// LockOf is the lock that a key is under, and whether there is one.
func (c Config) LockOf(key string) (Setting, bool) { return (&reader{locked: c.Locked}).lock(key) }
