package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// took keeps what is said of the key that is read, but for the version of the form.
func (r *reader) took(at *yaml.Node, value string) {
	if key := r.key(); key != "version" {
		r.settings = append(r.settings, Setting{Section: r.section, Key: key, Value: value, File: r.path, Line: at.Line})
	}
}

// A place is a key in a section.
type place struct{ section, key string }

// forget drops what the files below say of the key that is read: of all items
// of a list, and of a severity in every environment.
func (r *reader) forget() {
	if r.forgotten == nil {
		r.forgotten = map[place]bool{}
	}
	r.forgotten[place{r.section, r.key()}] = true
}

// settle lays what the file says over what those below it do: all at once,
// since the parts of a repository may say tens of thousands of things.
func (r *reader) settle() {
	said := map[place]bool{}
	for _, s := range r.settings {
		said[place{s.Section, s.Key}] = true
	}
	kept := slices.DeleteFunc(r.config.Settings, func(s Setting) bool {
		whole, _, _ := strings.Cut(s.Key, "[")
		whole, _, _ = strings.Cut(whole, ".severity.")
		return said[place{s.Section, s.Key}] || r.forgotten[place{s.Section, whole}]
	})
	r.config.Settings = append(kept, r.settings...)
}
