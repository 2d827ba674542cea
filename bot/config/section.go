package config

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
)

// maxSections is how many parts of a repository may have a say of their own:
// each finding is held against all of them.
const maxSections = 200

// ParseFolder decodes the configuration src of a folder, which stands at path,
// over that of the repository: it counts for what is below the folder. It
// returns what is right in src, and what is not as findings of rule config-invalid.
func ParseFolder(at string, src []byte, whole Config) (Config, []rules.Finding) {
	folder := path.Dir(at)
	r := &reader{path: at, config: &whole, locked: whole.Locked, named: whole.Environments.Names(), section: literal(folder) + "/**", folder: literal(folder) + "/"}
	if len(whole.Sections) >= maxSections { // before anything is copied: a tree may hold thousands
		r.room(&yaml.Node{})
		return whole, r.faults
	}
	config := whole.clone()
	r.config = &config
	document := r.document(src)
	if document == nil {
		return config, r.faults
	}
	if lock, ok := r.lock("paths"); ok {
		r.fault(document, "paths is locked in line %d of %s, so no folder may have a configuration of its own", lock.Line, lock.File)
		return config, r.faults
	}
	if !r.room(document) {
		return config, r.faults
	}
	known := r.everywhere()
	known["version"] = r.version
	seen := r.mapping(document, known)
	r.need(document, seen, "the %s is missing; write \"version: 1\"", "version")
	r.settle()
	return config, r.told()
}

// literal is the pattern of one path.
func literal(name string) string {
	var b strings.Builder
	for _, letter := range name {
		if strings.ContainsRune(`*?[]{}\`, letter) {
			b.WriteByte('\\')
		}
		b.WriteRune(letter)
	}
	return b.String()
}

// paths reads what counts otherwise in parts of the repository, by pattern.
func (r *reader) paths(node *yaml.Node) {
	r.entries(node, func(key, value *yaml.Node) {
		if value == nil {
			r.mapping(nil, r.everywhere())
			return
		}
		if !doublestar.ValidatePattern(key.Value) || key.Value == "" {
			r.fault(key, "%q is no pattern; * stands for part of a name, ** for folders", key.Value)
			return
		}
		if !r.room(key) {
			return
		}
		at := r.at
		r.section, r.at = key.Value, nil // what is locked is locked in each part
		r.mapping(value, r.everywhere())
		r.section, r.at = "", at
	})
}

// room adds a section, and reports whether one more is allowed.
func (r *reader) room(at *yaml.Node) bool {
	if len(r.config.Sections) >= maxSections {
		r.fault(at, "%d parts of a repository may have a configuration; this one is left out", maxSections)
		return false
	}
	section := Section{Path: r.section, Block: map[string][]string{}}
	if section.Path == "" {
		section.Path = at.Value
	}
	r.config.Sections = append(r.config.Sections, section)
	r.config.Rules.Sections = append(r.config.Rules.Sections, rules.Section{Path: section.Path, Severities: map[string]rules.Severity{}, In: map[string]map[string]rules.Severity{}})
	return true
}

// everywhere are the keys that the repository and each part of it may have.
func (r *reader) everywhere() keys {
	return keys{
		"rules": func(n *yaml.Node) {
			if r.section == "" {
				r.rules(n, grading{r.config.Rules.Severities, r.config.Rules.In, r.config.Block})
				return
			}
			last := len(r.config.Sections) - 1
			section := r.config.Rules.Sections[last]
			r.rules(n, grading{section.Severities, section.In, r.config.Sections[last].Block})
		},
		"ignore": r.ignores,
	}
}
