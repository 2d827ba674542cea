// Package config reads .kustodian.yaml, a repository's configuration: strict,
// and every fault told at its line.
//
// A fault never stops the rest: what is not at fault counts, and [Parse]
// returns the faults as findings of rule config-invalid.
package config

import (
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// File is the path of a repository's configuration, at its root.
const File = ".kustodian.yaml"

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
	// InlineIgnore is [InlineAllow] where an ignore that a pull request brings
	// lifts a block at once; "" where it counts from the next one on.
	InlineIgnore string       `json:"inlineIgnore,omitempty"`
	PullRequests PullRequests `json:"pullRequests"`
	Sweep        Sweep        `json:"sweep"`
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

// An Ignore silences findings of one rule below a path.
type Ignore struct {
	Rule string `json:"rule"`
	Path string `json:"path,omitempty"` // pattern of source files; "" is everywhere
	// Overlay, Kind and Name are patterns of the overlays and of the object,
	// as its source document names it; "" is any.
	Overlay string `json:"overlay,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Reason  string `json:"reason"`
	Until   string `json:"until,omitempty"` // the last day, YYYY-MM-DD; "" is for ever
	Line    int    `json:"line"`            // where in the configuration it stands
}

// Default is the configuration of a repository that has none.
func Default() Config {
	return Config{PullRequests: PullRequests{Mode: OnRequest, Max: 5}}
}

// Options are the settings that building an overlay needs.
func (c Config) Options() overlay.Options {
	return overlay.Options{Environments: c.Environments, Generated: c.Generated}
}
