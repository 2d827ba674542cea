package fixes

// A Reason is why a finding has no fix: one of an enumerated set, which
// [Explain] explains.
type Reason string

const (
	NoReason         Reason = ""
	ReasonNoRecipe   Reason = "no-recipe"
	ReasonNoPolicy   Reason = "no-policy"
	ReasonNoEvidence Reason = "no-evidence"
	ReasonNoProof    Reason = "no-proof"
	ReasonSpreads    Reason = "spreads"
	ReasonNotBuilt   Reason = "not-built"
	ReasonNotPlaced  Reason = "not-placed"
	ReasonShared     Reason = "shared"
	ReasonText       Reason = "text"
	ReasonGenerated  Reason = "generated"
	ReasonAutomation Reason = "automation"
	ReasonRegistry   Reason = "registry"
	ReasonOffline    Reason = "offline"
	ReasonImmutable  Reason = "immutable"
	ReasonConflict   Reason = "conflict"
	ReasonUnknownUse Reason = "unknown-use"
	ReasonSecret     Reason = "secret"
	ReasonInSteps    Reason = "in-steps"
)

// An Explanation says what a [Reason] means, and what to do by hand.
type Explanation struct {
	Means, ByHand string // a sentence each
}

var explanations = map[Reason]Explanation{
	ReasonNoRecipe:   {"There is no edit of this that is safe for everybody.", "Write what the finding says; kustodian rules shows an example."},
	ReasonNoPolicy:   {"What to write is the owner's to say, and the configuration does not.", "Say it in .kustodian.yaml, under resources, fix.startingResources, images or cluster."},
	ReasonNoEvidence: {"Nothing in the repository shows what would be right.", "Write it from what the program documents."},
	ReasonNoProof:    {"The builds with the fix differ otherwise from those without it than was meant.", "Read the field that is named, and make the change where nothing else depends on it."},
	ReasonSpreads:    {"An edit would reach an overlay that is to stay as it is.", "Write a patch in each of the overlays that have the finding."},
	ReasonNotBuilt:   {"An overlay that reads the file could not be built, so nobody can see what an edit does to it.", "Make the overlay build, or set fix.unbuilt to allow to have fixes proved where it builds."},
	ReasonNotPlaced:  {"Which line says the field is not known, or what says it is not edited.", "Look for what the finding's source names; kustodian blame shows what is known of each field."},
	ReasonShared:     {"An anchor, alias or merge key shares the text with another place.", "Write the value out in both places, or change what they share if both are to change."},
	ReasonText:       {"The text does not allow an edit that is certain to leave the rest as it is.", "Make the edit by hand, or write the place in plain block style first."},
	ReasonGenerated:  {"The file is generated, vendored or encrypted.", "Change what it is made from, or patch it in the kustomization that lists it."},
	ReasonAutomation: {"Another tool writes the line and would undo an edit.", "Set that tool up to write what the finding asks for."},
	ReasonRegistry:   {"The registry gave no answer that can be used.", "See that the image and tag exist, and that Kustodian may ask that registry."},
	ReasonOffline:    {"A registry would have to be asked, and this command never dials.", "Run kustodian fix, or let the App do it."},
	ReasonImmutable:  {"The API server refuses the change of an object that exists.", "Delete the object and apply it anew, or write the change into the next one of its kind. A Job that may run again can be replaced by what applies it: with the annotation argocd.argoproj.io/sync-options: Force=true,Replace=true, or kustomize.toolkit.fluxcd.io/force: enabled, it has a fix."},
	ReasonConflict:   {"Another fix changes the same place.", "Merge that one; this one follows in the next run."},
	ReasonUnknownUse: {"How the program uses the value cannot be seen.", "Change it where you know who reads it."},
	ReasonInSteps:    {"It goes in two steps, and one of them is in the cluster.", "Take the steps in the order that is told; the edit alone would disturb what runs."},
	ReasonSecret:     {"A secret is never moved.", "Replace it where it is used, and keep it in a Secret that the repository does not hold."},
}

// Explain returns what a reason means; the zero Explanation for one that is not known.
func Explain(r Reason) Explanation { return explanations[r] }

// A NoFix is the error of a plan or proof that ends without a fix.
type NoFix struct {
	Reason Reason
	Detail string // one sentence for the author: what stands in the way
}

func (e *NoFix) Error() string { return e.Detail }
