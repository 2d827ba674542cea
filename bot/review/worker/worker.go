// Package worker runs what reads a stranger's bytes in processes of its own.
//
// A worker is the same binary started again, without token, environment or
// network. It opens one tenant's trees read-only and answers calls, JSON
// over its stdin and stdout, one at a time. When it dies or goes past its
// deadline, that is the answer to the one call it was working on; the [Pool]
// starts another for the next.
//
// Every main, and every TestMain that reviews, calls [Main] first:
//
//	func main() {
//		worker.Main() // does not return in a worker
//		…
//	}
package worker

import (
	"time"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A TreeRef names a tree: a commit of a git repository, or a working folder.
// The zero value names none.
type TreeRef struct {
	Repository string `json:"repository,omitempty"` // path of a bare repository or of a .git folder
	Commit     string `json:"commit,omitempty"`     // full object id
	Folder     string `json:"folder,omitempty"`
}

// IsZero reports whether r names no tree.
func (r TreeRef) IsZero() bool { return r == TreeRef{} }

// Open opens the tree.
func (r TreeRef) Open() (overlay.Tree, error) {
	if r.Folder != "" {
		return mirror.OpenFolder(r.Folder)
	}
	return mirror.OpenCommit(r.Repository, r.Commit)
}

// Place is the folder or repository that the tree is in: the only path that a
// worker needs for it.
func (r TreeRef) Place() string {
	if r.Folder != "" {
		return r.Folder
	}
	return r.Repository
}

// A Configure asks for the configuration at the root of a tree; of the zero
// TreeRef, for the organisation's alone.
type Configure struct {
	Tree TreeRef `json:"tree"`
	// Defaults is the text of the organisation's configuration, which stands
	// below the tree's; nil where there is none.
	Defaults []byte `json:"defaults,omitempty"`
	// Caps are the operator's, nil for [config.DefaultCaps].
	Caps *config.Caps `json:"caps,omitempty"`
}

// A ConfigureAnswer is the configuration of a tree, its faults, and those of
// the organisation's below it.
type ConfigureAnswer struct {
	Config   config.Config   `json:"config"`
	Findings []rules.Finding `json:"findings"`
	Below    []rules.Finding `json:"below,omitempty"`
}

// A Find asks what is known of one overlay before any build.
type Find struct {
	Tree    TreeRef         `json:"tree"`
	Overlay string          `json:"overlay"`
	Options overlay.Options `json:"options"`
}

// A FindAnswer is one overlay, but for Root, which the others decide. What the
// overlay reads is what the call looked at, and added by [Pool.Find].
type FindAnswer struct {
	Overlay overlay.Overlay `json:"overlay"`
}

// A Survey asks for the findings of rules that look at a tree before any build.
type Survey struct {
	Tree   TreeRef      `json:"tree"`
	Seen   rules.Seen   `json:"seen"`
	Policy rules.Policy `json:"policy"`
}

// A SurveyAnswer is what is wrong with a tree before any build.
type SurveyAnswer struct {
	Findings []rules.Finding `json:"findings"`
}

// A Check asks for the findings of one overlay.
type Check struct {
	Tree    TreeRef         `json:"tree"`
	Overlay string          `json:"overlay"`
	Options overlay.Options `json:"options"`
	Policy  rules.Policy    `json:"policy"`
	// Part is [rules.Subject].Part of the overlay.
	Part bool `json:"part,omitempty"`
	// Additions are those to the overlay.
	Additions []rules.Addition `json:"additions,omitempty"`
	// Published is [rules.Subject].Published of the tree.
	Published map[string]string `json:"published,omitempty"`
	// Definitions are the files of the tree that hold CustomResourceDefinitions,
	// each with its hash.
	Definitions map[string]string `json:"definitions,omitempty"`
	// Before is the overlay before the change, for rules that ask what objects
	// were; nil where none does.
	Before *Before `json:"before,omitempty"`
}

// A Before names what an overlay was before the change.
type Before struct {
	Tree TreeRef `json:"tree"`
	// Overlay is "" for one that is new.
	Overlay string `json:"overlay,omitempty"`
}

// A CheckAnswer is what one overlay builds to, and what is wrong with it.
type CheckAnswer struct {
	Overlay string `json:"overlay"`
	Objects int    `json:"objects"`
	// Fixed are those of the objects that [fixes.HasFixedFields] names.
	Fixed    []overlay.ObjectRef `json:"fixed,omitempty"`
	Broken   *overlay.BuildError `json:"broken,omitempty"`
	Findings []rules.Finding     `json:"findings"`
	Facts    []rules.Fact        `json:"facts,omitempty"`
	// Parts are what was built and checked in place of an overlay that is broken.
	Parts []Part `json:"parts,omitempty"`
}

// A Part is one build in place of an overlay that cannot be built whole.
type Part struct {
	// Overlay is the broken overlay itself, or one that it refers to.
	Overlay string `json:"overlay"`
	Objects int    `json:"objects"`
	// Without are the entries that were left out.
	Without []overlay.Mention `json:"without,omitempty"`
}

// A Join asks for the findings of rules over several builds.
type Join struct {
	// Tree is the head, whose ignore comments count.
	Tree    TreeRef         `json:"tree"`
	Options overlay.Options `json:"options"`
	Facts   rules.Facts     `json:"facts"`
	Policy  rules.Policy    `json:"policy"`
}

// A JoinAnswer is what is wrong with several builds together.
type JoinAnswer struct {
	Findings []rules.Finding `json:"findings"`
}

// An Explain asks for the source of every scalar and every line of an
// overlay's build.
type Explain struct {
	Tree    TreeRef         `json:"tree"`
	Overlay string          `json:"overlay"`
	Options overlay.Options `json:"options"`
	// Field asks for the histories of one field instead; empty asks for all.
	Field overlay.Field `json:"field,omitempty"`
}

// An ExplainAnswer is an overlay's build, scalar by scalar and line by line, or
// the histories of the field that was asked for.
type ExplainAnswer struct {
	Scalars   []overlay.BlameLine   `json:"scalars,omitempty"`
	Lines     []overlay.PrintedLine `json:"lines,omitempty"`
	Histories []overlay.History     `json:"histories,omitempty"`
	Broken    *overlay.BuildError   `json:"broken,omitempty"`
}

// A Plan asks for fixes of findings.
type Plan struct {
	Tree     TreeRef           `json:"tree"`
	Options  overlay.Options   `json:"options"`
	Overlays []overlay.Overlay `json:"overlays"`
	Findings []rules.Finding   `json:"findings"`
	Policy   fixes.Policy      `json:"policy"`
	Rules    rules.Policy      `json:"rules"`
	Answers  []Answered        `json:"answers,omitempty"`
	// New is [fixes.PlanRequest].New.
	New map[string][]overlay.ObjectRef `json:"new,omitempty"`
}

// An Answered is a question of an earlier [PlanAnswer] with its answer.
type Answered struct {
	Question fixes.Question `json:"question"`
	Answer   fixes.Answer   `json:"answer"`
}

// A PlanAnswer is the fixes that were planned, why others were not, and what
// has to be answered first.
type PlanAnswer struct {
	Fixes     []fixes.Fix            `json:"fixes"`
	NoFix     map[string]fixes.NoFix `json:"noFix"`
	Questions []fixes.Question       `json:"questions"`
}

// A Prove asks what fixes change in one overlay.
type Prove struct {
	Tree    TreeRef         `json:"tree"`
	Overlay string          `json:"overlay"`
	Options overlay.Options `json:"options"`
	Policy  rules.Policy    `json:"policy"`
	Fixes   []fixes.Fix     `json:"fixes"`
}

// A ProveAnswer is the difference of one overlay's builds.
type ProveAnswer struct {
	Proof fixes.OverlayProof `json:"proof"`
}

// A request is one line of a worker's stdin: exactly one field is set.
type request struct {
	Configure *Configure `json:"configure,omitempty"`
	Find      *Find      `json:"find,omitempty"`
	Note      *Note      `json:"note,omitempty"`
	Survey    *Survey    `json:"survey,omitempty"`
	Check     *Check     `json:"check,omitempty"`
	Join      *Join      `json:"join,omitempty"`
	Explain   *Explain   `json:"explain,omitempty"`
	Plan      *Plan      `json:"plan,omitempty"`
	Prove     *Prove     `json:"prove,omitempty"`
}

// overlay is the tree and the one overlay that the request builds; ok is false
// where it builds none, or many.
func (r request) overlay() (tree TreeRef, options overlay.Options, dir string, ok bool) {
	switch {
	case r.Check != nil:
		return r.Check.Tree, r.Check.Options, r.Check.Overlay, true
	case r.Explain != nil:
		return r.Explain.Tree, r.Explain.Options, r.Explain.Overlay, true
	case r.Prove != nil:
		return r.Prove.Tree, r.Prove.Options, r.Prove.Overlay, true
	}
	return TreeRef{}, overlay.Options{}, "", false
}

// An answer is one line of a worker's stdout.
type answer[T any] struct {
	Answer T      `json:"answer"`
	Error  string `json:"error,omitempty"`
	// Fresh is set where a worker that has built nothing yet is to answer.
	Fresh bool `json:"fresh,omitempty"`
	// Reads is all that was looked up in the tree to come to the answer; nil
	// where that is not known.
	Reads overlay.ReadSet `json:"reads"`
	// Took is how long the worker worked on it.
	Took time.Duration `json:"took,omitempty"`
}

// String is the folder, or the commit's abbreviated id.
func (r TreeRef) String() string {
	if r.Folder != "" {
		return r.Folder
	}
	return r.Commit[:min(len(r.Commit), 12)]
}
