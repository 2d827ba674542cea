// Package review is the one function of Kustodian: two trees in, a report out.
// The App, a workflow and a shell all call [Reviewer.Run]; it knows no GitHub.
package review

import (
	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A Job is what is to be reviewed.
type Job struct {
	// Head is the tree under review; Base the tree that it is compared with,
	// the zero TreeRef for a sweep or a plain check, where every finding counts.
	Head, Base TreeRef
	// Config is where the configuration is read: never the head of a stranger's pull request.
	Config TreeRef
	// Paths narrows the job to overlays at or below these folders and to the
	// overlays that read these files; empty is all.
	Paths []string
	// Fix asks for fixes and their proofs.
	Fix bool
	// Rules narrows fixes to these rules; empty is all.
	Rules []string
}

// A TreeRef names a tree: a commit of a bare repository, or a working folder.
type TreeRef struct {
	Repository string `json:"repository,omitempty"` // path of the bare repository or its .git
	Commit     string `json:"commit,omitempty"`     // full object id
	Folder     string `json:"folder,omitempty"`
}

// IsZero reports whether the reference names no tree.
func (r TreeRef) IsZero() bool { return r == TreeRef{} }

// A Report is what a review found.
type Report struct {
	Job      Job               `json:"-"`
	Config   config.Config     `json:"-"`
	Overlays []OverlayReport   `json:"overlays"`
	Findings []Finding         `json:"findings"`
	Refusals []overlay.Refusal `json:"-"`
	// Fixes are the proved fixes, each with its proof; a Finding names its fix
	// by index.
	Fixes []ProvedFix `json:"-"`
	// Reached counts the overlays that the change reaches, of Total in the tree.
	Reached, Total int `json:"-"`
	// BaseFindings are the base's findings that head has no more: what was fixed.
	Fixed []rules.Finding `json:"-"`
	// Kustomize is set where either side has a kustomization at all.
	Kustomize bool `json:"-"`
	// ConfigFindings are the faults of the head's own configuration.
	Files map[string]bool `json:"-"` // paths that the change touches
}

// An OverlayReport is one overlay of a report.
type OverlayReport struct {
	Path        string `json:"path"`
	Environment string `json:"environment"`
	Objects     int    `json:"objects"`
	Built       bool   `json:"built"`
}

// A Finding is a finding with its fix.
type Finding struct {
	rules.Finding
	Fix   *Fix   `json:"fix"`
	NoFix string `json:"noFix"`
	// ProvedFix is the index in Report.Fixes, -1 without.
	ProvedFix int `json:"-"`
	// Reason code of NoFix.
	NoFixReason fixes.Reason `json:"-"`
}

// A Fix is a finding's fix as text to write.
type Fix struct {
	Title string `json:"title"`
	Edits []Edit `json:"edits"`
}

// An Edit puts New in place of the bytes Start to End, half open, of the file
// at Path as it was read.
type Edit struct {
	Path   string `json:"path"`
	Start  int    `json:"start"`
	End    int    `json:"end"`
	New    string `json:"new"`
	Create bool   `json:"create,omitempty"`
	Delete bool   `json:"delete,omitempty"`
}

// A ProvedFix is a fix whose proof holds, with the changed files.
type ProvedFix struct {
	fixes.Fix
	Proof fixes.Proof
	// Before and After are the files that it changes, whole; a nil entry of
	// Before is created, of After deleted.
	Before, After map[string][]byte
}
