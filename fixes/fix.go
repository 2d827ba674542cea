package fixes

import (
	"cmp"
	"context"
	"slices"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A Recipe puts the findings of some rules right, as a logically constant value.
type Recipe struct {
	// Rules are the ids of the rules whose findings it can fix.
	Rules []string
	// Title says what a pull request of such fixes does, in the imperative: "Pin images to digests".
	Title string
	// Mends are rules whose findings at the same objects its fixes may put
	// right too; those have fixes of their own where it does not.
	Mends []string
	// Plan plans the fix of one finding.
	Plan func(context.Context, *Plan) (*Fix, error)
}

// A Fix is a change of files that puts findings right: all of its edits or none.
type Fix struct {
	Title string `json:"title"`
	Rule  string `json:"rule"`
	// Fingerprints are the findings that it puts right.
	Fingerprints []string     `json:"fingerprints"`
	Files        []FileChange `json:"files"`
	// Unbuilt are overlays that read a changed file and cannot be built, where
	// the policy has fixes proved without them.
	Unbuilt []string `json:"unbuilt,omitempty"`
	// Layers say where it is written, and why there.
	Layers []Layer `json:"layers,omitempty"`
	// Notes are sentences that its reviewer should know, such as where numbers come from.
	Notes  []string `json:"notes,omitempty"`
	Intent Intent   `json:"intent"`
}

// A FileChange is the change of one file against the bytes as they were read.
type FileChange struct {
	Path string `json:"path"`
	// Edits are what is done to the file, Splices its text when only they are.
	Edits   []Edit            `json:"edits,omitempty"`
	Splices []yamledit.Splice `json:"splices,omitempty"`
	// Create holds the whole text of a new file; Delete is set for a file that goes.
	Create *string `json:"create,omitempty"`
	Delete bool    `json:"delete,omitempty"`
}

// An Intent declares what a fix changes, overlay by overlay. Suffixes of
// generated names, and the references to them, follow their content and need
// not be declared.
type Intent struct {
	// Changes are the fields that change; each must.
	Changes []Change `json:"changes"`
	// Environment is set where the objects may differ as declared, and the
	// effective environment of every container stays equal.
	Environment bool `json:"environment,omitempty"`
}

// A Change is one field of one object of one overlay, as built, before and
// after. Nil is absent; a mapping or list is JSON.
type Change struct {
	Overlay string            `json:"overlay"`
	Object  overlay.ObjectRef `json:"object"`
	Field   overlay.Field     `json:"field"`
	Before  *string           `json:"before"`
	After   *string           `json:"after"`
}

// A Proof is what building the overlays that read a changed file showed.
type Proof struct {
	// Overlays are those that were built before and after.
	Overlays []OverlayProof `json:"overlays"`
	// Reason is NoReason where the proof holds; Detail says in a sentence what
	// does not, and where.
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// An OverlayProof is the difference of one overlay's builds.
type OverlayProof struct {
	Overlay string   `json:"overlay"`
	Changes []Change `json:"changes"`
	// Diff is the unified difference of the two builds as YAML, secrets masked.
	Diff   string `json:"diff"`
	Effect Effect `json:"effect"`
	// Environment says which container sees another environment after the
	// fix, "" where none does.
	Environment string `json:"environment,omitempty"`
	// Remaining are the findings of the fix that the overlay still has after
	// it, or that its rule finds anew, as people read them.
	Remaining []string `json:"remaining,omitempty"`
	// Error is set where there is nothing to compare: a sentence that says
	// which of the builds failed, or that the fixes conflict.
	Error string `json:"error,omitempty"`
	// Unbuilt is set where it does not build without the fix either.
	Unbuilt bool `json:"unbuilt,omitempty"`
}

// A Question is what a plan needs from outside the worker that makes it: the
// digest of an image, or who changed lines of a file last.
type Question struct {
	// Image is the reference whose digest is asked, such as "nginx:1.27".
	Image string `json:"image,omitempty"`
	// Mirror is [Policy].Mirror.
	Mirror string `json:"mirror,omitempty"`
	// Lines are those whose last changes are asked.
	Lines Lines `json:"lines,omitzero"`
}

// Lines are the lines First to Last of a file, both among them, from 1.
type Lines struct {
	Path        string `json:"path"`
	First, Last int
}

// An Answer answers a [Question]. The zero value: it was not asked.
type Answer struct {
	Digest string `json:"digest,omitempty"` // "sha256:…", of the index where the tag is one
	Error  string `json:"error,omitempty"`  // why there is none, for the author
	// Offline is set where no registry may be asked.
	Offline bool `json:"offline,omitempty"`
	// Commits are the last that changed the lines, the latest first; zero where
	// there are no more, or where there is no history.
	Commits [LastChanges]Commit `json:"commits,omitzero"`

	// What the image says of itself, "" and 0 where it does not: the platforms
	// that it runs on, the bytes of its layers as they are pulled, the day it
	// was made (YYYY-MM-DD), and the version and revision of its source.
	Platforms string `json:"platforms,omitempty"`
	Size      int64  `json:"size,omitempty"`
	Created   string `json:"created,omitempty"`
	Version   string `json:"version,omitempty"`
	Revision  string `json:"revision,omitempty"`
}

// LastChanges is how many changes of a line tell who writes it.
const LastChanges = 3

// A Commit is who made one, and what its message begins with.
type Commit struct {
	Author        string `json:"author"`
	AuthorMail    string `json:"authorMail"`
	Committer     string `json:"committer"`
	CommitterMail string `json:"committerMail"`
	Subject       string `json:"subject"`
}

// A Policy is what a repository lets fixes write. The zero value lets them
// write nothing that needs a number.
type Policy struct {
	// Resources are the requests and limits to write; the first match wins.
	Resources []ResourcePolicy `json:"resources,omitempty"`
	// StartingResources are for containers of which nothing else is known; nil
	// for none. Its Match is not read.
	StartingResources *ResourcePolicy `json:"startingResources,omitempty"`
	// Env is how a container takes its variables from a ConfigMap: EnvByKey,
	// which "" means too, or EnvFrom.
	Env string `json:"env,omitempty"`
	// Unbuilt says what becomes of a fix where an overlay that reads the file
	// cannot be built: UnbuiltRefuse, which "" means too, or UnbuiltAllow.
	Unbuilt string `json:"unbuilt,omitempty"`
	// Staged has what would restart production together with others planned in
	// steps, the lowest environment first.
	Staged bool `json:"staged,omitempty"`
	// LeaveImages are patterns of images that are never pinned.
	LeaveImages []string `json:"leaveImages,omitempty"`
	// Mirror is the mirror of the operator's that is asked for digests, by its
	// name; "" for none.
	Mirror string `json:"mirror,omitempty"`
	// Sections say otherwise of parts of the repository.
	Sections []Section `json:"sections,omitempty"`
}

// A Section is what a policy says otherwise of a part of the repository. Its
// zero fields say nothing.
type Section struct {
	// Path is a pattern of source files and overlays, as [rules.Covers] reads it.
	Path string `json:"path"`
	// Resources come before the policy's.
	Resources         []ResourcePolicy `json:"resources,omitempty"`
	StartingResources *ResourcePolicy  `json:"startingResources,omitempty"`
	Env               string           `json:"env,omitempty"`
	LeaveImages       []string         `json:"leaveImages"` // an empty list leaves none
}

// For is the policy for a finding in a file that the overlays show.
func (p Policy) For(file string, overlays []string) Policy {
	for _, s := range p.Sections {
		if !rules.Covers(s.Path, file, overlays) {
			continue
		}
		p.Resources, p.Env = slices.Concat(s.Resources, p.Resources), cmp.Or(s.Env, p.Env)
		if s.StartingResources != nil {
			p.StartingResources = s.StartingResources
		}
		if s.LeaveImages != nil {
			p.LeaveImages = s.LeaveImages
		}
	}
	return p
}

// ForgetCPULimits has no fix write a limit of cpu.
func (p *Policy) ForgetCPULimits() {
	p.Resources, p.StartingResources = withoutCPULimits(p.Resources, p.StartingResources)
	p.Sections = slices.Clone(p.Sections)
	for i := range p.Sections {
		s := &p.Sections[i]
		s.Resources, s.StartingResources = withoutCPULimits(s.Resources, s.StartingResources)
	}
}

func withoutCPULimits(matching []ResourcePolicy, starting *ResourcePolicy) ([]ResourcePolicy, *ResourcePolicy) {
	matching = slices.Clone(matching)
	for i := range matching {
		matching[i].CPULimit = ""
	}
	if starting != nil {
		without := *starting
		without.CPULimit = ""
		starting = &without
	}
	return matching, starting
}

// How a container takes its variables from a ConfigMap, in [Policy].Env.
const (
	EnvByKey = "keys"    // one reference for each
	EnvFrom  = "envFrom" // all that the ConfigMap has
)

// What becomes of a fix that cannot be proved everywhere, in [Policy].Unbuilt.
const (
	UnbuiltRefuse = "refuse" // it is withheld
	UnbuiltAllow  = "allow"  // it is proved where it builds
)

// A ResourcePolicy is the requests and limits of the containers that match.
type ResourcePolicy struct {
	Match    ResourceMatch     `json:"match"`
	Requests map[string]string `json:"requests"`
	// MemoryLimitFactor is the memory limit as a multiple of the request; 0 means 1.
	MemoryLimitFactor float64 `json:"memoryLimitFactor,omitempty"`
	// CPULimit is the limit of cpu, "" for none: nobody gets one unasked.
	CPULimit string `json:"cpuLimit,omitempty"`
}

// A ResourceMatch says which containers: empty fields match all; all but Kind
// are patterns with `*`.
type ResourceMatch struct {
	Namespace string `json:"namespace,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
	Container string `json:"container,omitempty"`
}
