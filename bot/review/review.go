// Package review is the one function of Kustodian: two trees in, a report out.
// The App, a workflow and a shell all call [Reviewer.Run]; it knows no GitHub.
//
// It coordinates and parses nothing of the trees itself: what reads them runs
// in package worker.
package review

import (
	"time"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A TreeRef names a tree: a commit of a git repository, or a working folder.
type TreeRef = worker.TreeRef

// A Job is what is to be reviewed.
type Job struct {
	// Tenant is whose repository it is, such as an installation: none is shown
	// what was kept for another. Empty is the user of the shell.
	Tenant string
	// Head is the tree under review; Base the tree that it is compared with,
	// the zero TreeRef for a sweep or a plain check, where every finding counts.
	Head, Base TreeRef
	// Config is the tree whose configuration is obeyed: never the head of a
	// stranger's pull request.
	Config TreeRef
	// Defaults is the text of the organisation's configuration, which stands
	// below the repository's; nil where there is none.
	Defaults []byte
	// Repository is the URL that the trees are cloned from, "" where it is not
	// known. Nothing is fetched from it: it tells what Flux and Argo CD apply of
	// this repository from what they apply of others.
	Repository string
	// Paths narrows the job to the overlays at or below these files and
	// folders, and to those that read one; empty is all.
	Paths []string
	// Fork is set where the head is of a repository that strangers write to: no
	// credential of the operator's is used for what it names.
	Fork bool
	// Fix asks for fixes and their proofs.
	Fix bool
	// Staged lets fixes come in steps, one environment after the other, where
	// the configuration wants that: for changes of what runs already.
	Staged bool
	// Rules narrows fixes to these rules; empty is all.
	Rules []string
	// Now is when the job runs; zero is now.
	Now time.Time
}

// A Report is what a review found.
type Report struct {
	Job    Job           `json:"-"`
	Config config.Config `json:"-"`
	// Overlays are those that were built, or could not be.
	Overlays []OverlayReport `json:"overlays"`
	// Findings are the new ones, suppressed ones among them, by file and line.
	Findings []Finding `json:"findings"`
	// Fixed are the base's findings that the head has no more.
	Fixed []rules.Finding `json:"-"`
	// Fixes are the proved fixes; a Finding names its own by index.
	Fixes []ProvedFix `json:"-"`
	// Kustomize is set where either side has a kustomization at all.
	Kustomize bool `json:"-"`
	// Total is how many overlays the head has that are built on their own;
	// Overlays are those of them that the change reaches.
	Total int `json:"-"`
	// Unsettled is set where the same trees may give another report later: it
	// depends on what registries say, or one of them did not answer.
	Unsettled bool `json:"-"`
	// Files holds the head's bytes of the files that have a finding.
	Files map[string][]byte `json:"-"`
}

// An OverlayReport is one overlay of a report.
type OverlayReport struct {
	Path        string `json:"path"`
	Environment string `json:"environment"`
	Objects     int    `json:"objects"`
	Built       bool   `json:"built"`
	// Parts are what was checked in place of an overlay that was not built.
	Parts []worker.Part `json:"parts,omitempty"`
	// Hides is set where the overlay was not built and was before, or is new:
	// it may have findings that nobody sees.
	Hides bool `json:"-"`
}

// A Finding is a finding with its fix.
type Finding struct {
	rules.Finding
	Fix *Fix `json:"fix"`
	// NoFix says in a sentence why there is no fix, NoFixReason which reason it is.
	NoFix       string       `json:"noFix"`
	NoFixReason fixes.Reason `json:"-"`
	// ProvedFix is the index in Report.Fixes, -1 without.
	ProvedFix int `json:"-"`
	// Untouched is set where the finding misses something on code that the
	// change does not touch: it is listed, and never a comment.
	Untouched bool `json:"-"`
	// Added is set where the change itself brought what silences the finding.
	Added bool `json:"-"`
	// Blocks is set where the finding stands in the way of a merge.
	Blocks bool `json:"-"`
	// Joined are the fingerprints of the findings that it speaks for beside its own.
	Joined []string `json:"-"`
}

// A Fix is a finding's fix as text to write.
type Fix struct {
	Title string `json:"title"`
	Edits []Edit `json:"edits"`
}

// An Edit puts New in place of the bytes Start to End, half open, of the file
// at Path as it was read. Create and Delete stand for a whole file.
type Edit struct {
	Path   string `json:"path"`
	Start  int    `json:"start"`
	End    int    `json:"end"`
	New    string `json:"new"`
	Create bool   `json:"create,omitempty"`
	Delete bool   `json:"delete,omitempty"`
}

// A ProvedFix is a fix whose proof holds, with the files that it changes.
type ProvedFix struct {
	fixes.Fix
	Proof fixes.Proof
	// Before and After are the changed files, whole: nil in Before is a file
	// that it creates, nil in After one that it deletes.
	Before, After map[string][]byte
}

// roots are the overlays that are built on their own: nothing else refers to
// them, or what does goes round in a circle.
func roots(all []overlay.Overlay) []overlay.Overlay {
	var out []overlay.Overlay
	for _, o := range all {
		if !o.Component && (o.Root || inCycle(o)) {
			out = append(out, o)
		}
	}
	return out
}

func inCycle(o overlay.Overlay) bool {
	for _, r := range o.Refusals {
		if r.Reason == overlay.ReasonCycle {
			return true
		}
	}
	return false
}
