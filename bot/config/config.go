// Package config reads .kustodian.yaml, a repository's configuration: strict,
// every fault told at its line, and every value known by the line that says it.
//
// A fault never stops the rest: what is not at fault counts, and [Parse]
// returns the faults as findings of rule config-invalid. Configurations are
// laid over each other key by key: the organisation's, the one at the root of
// the repository, and those of its folders, see [ParseFolder].
package config

import (
	"slices"

	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// File is the name of a configuration: the repository's at its root, and
// those of folders, which count below them.
const File = ".kustodian.yaml"

// Organisation stands for the path of the organisation's configuration, which
// is in another repository.
const Organisation = "the organisation's " + File

// A Config is a repository's configuration, decoded and validated. It crosses
// rooms as JSON. [Default] is the one of a repository that has none.
type Config struct {
	// Exists is set where the repository has a configuration at all: without
	// one, fixes come on request only and a sweep only writes a check run.
	Exists       bool                 `json:"exists"`
	Environments overlay.Environments `json:"environments,omitempty"`
	Rules        rules.Policy         `json:"rules"`
	Fixes        fixes.Policy         `json:"fixes"`
	// Generated are patterns of files that a pipeline makes before the build.
	Generated []string `json:"generated,omitempty"`
	Ignore    []Ignore `json:"ignore,omitempty"`
	// Block lists, by rule, the environments in which its findings stand in
	// the way of a merge. Of a rule that is not in it, errors do.
	Block map[string][]string `json:"block,omitempty"`
	// Sections say otherwise of parts of the repository; the last that covers a
	// finding counts. Rules has the same ones.
	Sections []Section `json:"sections,omitempty"`
	// Locked are the keys that no file below may set.
	Locked []Setting `json:"locked,omitempty"`
	// Settings are the values that the files set, each with its place.
	Settings []Setting `json:"settings,omitempty"`
	// InlineIgnore is [InlineAllow] where an ignore that a pull request brings
	// lifts a block at once; "" where it counts from the next one on.
	InlineIgnore string       `json:"inlineIgnore,omitempty"`
	PullRequests PullRequests `json:"pullRequests"`
	Sweep        Sweep        `json:"sweep"`
	// Caps are what the files may not ask for more of.
	Caps Caps `json:"caps"`
	// CheckAlways asks for a check run where the repository has no kustomization.
	CheckAlways bool `json:"checkAlways,omitempty"`
}

// PullRequests is how fixes become pull requests.
type PullRequests struct {
	// Mode is [OnRequest], [Automatic] or [Never].
	Mode string `json:"mode"`
	// Max is how many of a sweep's may be open at once.
	Max    int      `json:"max"`
	Labels []string `json:"labels,omitempty"`
	// Reviewers is "codeowners", or "" to ask nobody.
	Reviewers string `json:"reviewers,omitempty"`
}

// When fixes become pull requests, in [PullRequests].Mode.
const (
	Automatic = "auto"    // by themselves: the default of a repository with a configuration
	OnRequest = "request" // when somebody asks with /kustodian fix: the default without one
	Never     = "never"
)

// InlineAllow lets the ignores of a pull request lift a block in itself.
const InlineAllow = "allow"

// Sweep is when a repository is swept.
type Sweep struct {
	// Schedule is five fields of cron; "" is once a week, at a time that the
	// repository's name decides.
	Schedule string `json:"schedule,omitempty"`
	Timezone string `json:"timezone,omitempty"` // of the schedule, such as "Europe/Berlin"; "" is UTC
}

// A Section is what a configuration says otherwise of a part of the repository.
type Section struct {
	Path  string              `json:"path"` // pattern, as [rules.Covers] reads it
	Block map[string][]string `json:"block,omitempty"`
}

// A Setting is one value as a file says it.
type Setting struct {
	// Section is the pattern of the part that it is about, "" for all of the
	// repository.
	Section string `json:"section,omitempty"`
	// Key is the way to it from the section, such as "fix.max" or "ignore[0]".
	Key   string `json:"key"`
	Value string `json:"value,omitempty"` // in one line of YAML
	File  string `json:"file"`
	Line  int    `json:"line"`
}

// An Ignore silences findings of one rule below a path.
type Ignore struct {
	Rule string `json:"rule"`
	// Section is the pattern of the part that the entry is said for, "" for all.
	Section string `json:"section,omitempty"`
	Path    string `json:"path,omitempty"` // pattern of source files; "" is everywhere
	// Overlay, Kind and Name are patterns of the overlays and of the object,
	// as its source document names it; "" is any.
	Overlay string `json:"overlay,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Reason  string `json:"reason"`
	Until   string `json:"until,omitempty"` // the last day, YYYY-MM-DD; "" is for ever
	File    string `json:"file"`            // the configuration that it stands in
	Line    int    `json:"line"`
}

// BlockIn is the environments in which a rule's finding in a file that the
// overlays show stands in the way of a merge, and whether that is said at all.
func (c Config) BlockIn(rule, file string, overlays []string) (environments []string, said bool) {
	for _, section := range slices.Backward(c.Sections) {
		if environments, said = section.Block[rule]; said && rules.Covers(section.Path, file, overlays) {
			return environments, true
		}
	}
	environments, said = c.Block[rule]
	return environments, said
}

// Default is the configuration of a repository that has none, under [DefaultCaps].
func Default() Config {
	return Config{PullRequests: PullRequests{Mode: OnRequest, Max: 5}, Fixes: fixes.Policy{Staged: true}, Caps: DefaultCaps()}
}

// Under is the configuration under other caps than those that it was read with.
func (c Config) Under(caps Caps) Config {
	c.Caps, c.PullRequests.Max = caps, min(c.PullRequests.Max, caps.PullRequests)
	return c
}

// Options are the settings that building an overlay needs.
func (c Config) Options() overlay.Options {
	return overlay.Options{Environments: c.Environments, Generated: c.Generated}
}
