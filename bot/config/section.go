package config

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes"
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
		r.part(&yaml.Node{})
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
	known := r.part(document)
	if known == nil {
		return config, r.faults
	}
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
			r.mapping(nil, r.ofPart(&Section{}, &rules.Section{}, &fixes.Section{}))
			return
		}
		if key.Value == "" {
			r.misshapen(key, "a pattern of files and overlays")
			return
		}
		if !r.fits(key) {
			return
		}
		at := r.at
		r.section, r.at = key.Value, nil // what is locked is locked in each part
		if known := r.part(key); known != nil {
			r.mapping(value, known)
		}
		r.section, r.at = "", at
	})
}

// part adds the section that is read, and returns what it may say; nil where
// there are too many.
func (r *reader) part(at *yaml.Node) keys {
	config := r.config
	if len(config.Sections) >= maxSections {
		r.fault(at, "%d parts of a repository may have a configuration; this one is left out", maxSections)
		return nil
	}
	config.Sections = append(config.Sections, Section{Path: r.section, Block: map[string][]string{}})
	config.Rules.Sections = append(config.Rules.Sections, rules.Section{
		Path: r.section, Severities: map[string]rules.Severity{}, In: map[string]map[string]rules.Severity{},
	})
	config.Fixes.Sections = append(config.Fixes.Sections, fixes.Section{Path: r.section})
	last := len(config.Sections) - 1
	return r.ofPart(&config.Sections[last], &config.Rules.Sections[last], &config.Fixes.Sections[last])
}

// ofPart are the keys of a part. What is one for the whole repository, no part
// may set: its environments, sweeps and pull requests, which span folders, its
// own rules, and whom a server asks for it.
func (r *reader) ofPart(part *Section, ofRules *rules.Section, ofFixes *fixes.Section) keys {
	return keys{
		"rules":     func(n *yaml.Node) { r.rules(n, grading{ofRules.Severities, ofRules.In, part.Block}) },
		"ignore":    r.ignores,
		"cluster":   func(n *yaml.Node) { r.mapping(n, keys{"version": r.clusterVersion(&ofRules.ClusterVersion)}) },
		"resources": r.resources(&ofFixes.Resources),
		"images": func(n *yaml.Node) {
			r.mapping(n, keys{"leave": r.patterns(&ofFixes.LeaveImages), "maxSize": r.size(&ofRules.ImageSize)})
		},
		"fix": func(n *yaml.Node) {
			r.mapping(n, keys{"env": r.env(&ofFixes.Env), "startingResources": r.startingResources(&ofFixes.StartingResources)})
		},
	}
}
