// Package config reads .kustodian.yaml and the server's settings: strict, and
// each value with the place that set it.
package config

import (
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// File is the path of a repository's configuration.
const File = ".kustodian.yaml"

// A Config is a repository's configuration, decoded and validated. It crosses
// rooms as JSON.
type Config struct {
	// Exists is set where the repository, or its organisation, has a configuration at all.
	Exists       bool                 `json:"exists"`
	Environments overlay.Environments `json:"environments,omitempty"`
	Rules        rules.Policy         `json:"rules"`
	Fixes        fixes.Policy         `json:"fixes"`
	Generated    []string             `json:"generated,omitempty"`
	Ignore       []Ignore             `json:"ignore,omitempty"`
	PullRequests PullRequests         `json:"pullRequests"`
	Sweep        Sweep                `json:"sweep"`
	// CheckAlways asks for a check run where no overlay is reached.
	CheckAlways bool `json:"checkAlways,omitempty"`
}

// PullRequests is how fixes become pull requests.
type PullRequests struct {
	// Mode is "auto" or "request"; the default is auto where a configuration exists, else request.
	Mode string `json:"mode"`
	// Max is how many may be open at once; default 5.
	Max       int      `json:"max"`
	Labels    []string `json:"labels,omitempty"`
	Reviewers string   `json:"reviewers,omitempty"` // "codeowners" or ""
}

// Sweep is when a repository is swept.
type Sweep struct {
	Schedule string `json:"schedule,omitempty"` // five fields of cron; "" is weekly, spread by the repository's name
	Timezone string `json:"timezone,omitempty"`
}

// An Ignore silences findings.
type Ignore struct {
	Rule   string `json:"rule"`
	Path   string `json:"path,omitempty"` // pattern; "" is everywhere
	Reason string `json:"reason"`
	Until  string `json:"until,omitempty"` // YYYY-MM-DD; "" is for ever
	Line   int    `json:"line"`            // where in the configuration it stands
}

// Parse decodes a configuration. Faults of the file come back as findings of
// rule config-invalid at their lines; what is not at fault still counts.
func Parse(path string, src []byte) (Config, []rules.Finding) { panic("to be written") }

// Default is the configuration of a repository that has none.
func Default() Config { panic("to be written") }
