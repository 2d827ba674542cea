package fixes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A PlanRequest is what [MakePlans] works on.
type PlanRequest struct {
	Snapshot *overlay.Snapshot
	Overlays []overlay.Overlay // those that a proof builds, as Find lists them
	Findings []rules.Finding
	Policy   Policy
	// Rules is how the findings were found. It tells whether an overlay that
	// was not checked has a finding too.
	Rules   rules.Policy
	Answers map[Question]Answer
	// New are, by overlay, the objects that come with the change under review:
	// they do not exist yet, so all of their fields can still change. Without a
	// change there are none.
	New map[string][]overlay.ObjectRef
	// Seen is what the round before has built, where the same is asked again with
	// more answers; nil builds all anew.
	Seen *Seen
}

// Seen is what planning has built of one tree, for one policy of the rules. The
// zero value is empty; it is for one goroutine.
type Seen struct {
	builds map[string]*overlay.Build
	broken map[string]error
	found  map[string][]rules.Finding // by overlay, of those that were looked at
}

// A PlanAnswer is what [MakePlans] found.
type PlanAnswer struct {
	Fixes     []Fix
	NoFix     map[string]NoFix // by fingerprint
	Questions []Question
}

// A Plan is one finding to be put right, with what may be looked at for it.
type Plan struct {
	Finding rules.Finding
	// Others are the other findings of the same rule at the same object, in
	// the same overlays.
	Others []rules.Finding
	// Elsewhere are those of the same rule at objects that are named so in other
	// overlays. They may be one object there too, if of one file.
	Elsewhere []rules.Finding
	// Beside are those of the rules that the recipe mends too, at any object
	// that the finding is about.
	Beside   []rules.Finding
	Snapshot *overlay.Snapshot
	Policy   Policy
	Rules    rules.Policy
	// Builds are the builds of every overlay that reads the finding's source
	// file, or one that Reach was called with, by path.
	Builds map[string]*overlay.Build
	// Reach adds the builds of the overlays that read a file. It returns a
	// *NoFix where one does not build and the policy does not do without it.
	Reach func(ctx context.Context, path string) error
	// Look is the build of an overlay that is only looked at, nil where it does
	// not build. The error is of ctx.
	Look func(ctx context.Context, overlay string) (*overlay.Build, error)
	// Ask answers a question, or returns ErrAsked where the answer has to be
	// fetched first: the plan is then made again with the answer.
	Ask func(Question) (Answer, error)
	// HasFinding reports whether a build, one of Builds, has a finding of the
	// rule at or below a field of an object.
	HasFinding func(context.Context, *overlay.Build, *overlay.Object, overlay.Field) (bool, error)

	overlays []overlay.Overlay              // that a proof builds
	fresh    map[string][]overlay.ObjectRef // PlanRequest.New
	unbuilt  []string                       // those that read the files, do not build, and need not
	read     reading
}

// A reading is what the plans of one request have read so far, by path: many
// findings ask for the same few files.
type reading struct {
	files          map[string]*yamledit.File
	kustomizations map[string]*yaml.Node
	documents      map[string][]*yaml.Node
	containers     map[*overlay.Build][]container
	images         map[*overlay.Build][]container // those, and what else has an image
	owned          map[string]error               // why nobody may edit a file, nil where one may
	made           map[string]string              // the text of files that some fix makes
	updaters       *knownUpdaters
	naming         map[string][]string // files that name a kind, by the kind
}

// ErrAsked is what [Plan].Ask returns for a question whose answer is not known yet.
var ErrAsked = errors.New("the answer has to be fetched first")

// byHand says of rules without a recipe why nobody but the owner can put their findings right.
var byHand = map[string]string{
	"image-untagged": "Which version to run is the owner's decision; write the tag that runs today, and it can be pinned.",
	"secret-literal": "A secret has to be replaced where it is used and then kept in a Secret that the repository does not hold.",
	"naked-pod":      "Which controller should run the Pod is the owner's decision.",
}

// told are rules whose findings an edit alone must not put right: what to do,
// and in which order.
var told = map[string]func(*Plan) *NoFix{"hpa-owns-replicas": tellReplicas}

// MakePlans plans a fix for each finding that has a recipe, all against the
// tree as it is. Questions that have no answer yet come back; call it again
// with their answers. Every finding ends in a fix, in NoFix, or waits for a
// question. The error is of ctx, or of a tree that cannot be read.
func MakePlans(ctx context.Context, request PlanRequest) (PlanAnswer, error) {
	seen := request.Seen
	if seen == nil {
		seen = &Seen{}
	}
	if seen.builds == nil {
		*seen = Seen{map[string]*overlay.Build{}, map[string]error{}, map[string][]rules.Finding{}}
	}
	p := planner{request: request, Seen: seen,
		read: reading{files: map[string]*yamledit.File{}, kustomizations: map[string]*yaml.Node{},
			documents: map[string][]*yaml.Node{}, owned: map[string]error{}, containers: map[*overlay.Build][]container{}, images: map[*overlay.Build][]container{}, made: map[string]string{}, updaters: &knownUpdaters{}, naming: map[string][]string{}}}
	answer := PlanAnswer{NoFix: map[string]NoFix{}}
	for _, finding := range mendedLast(request.Findings) {
		planned := slices.ContainsFunc(answer.Fixes, func(f Fix) bool { return slices.Contains(f.Fingerprints, finding.Fingerprint) })
		if finding.Suppressed != nil || planned {
			continue
		}
		fix, err := p.plan(ctx, finding)
		var noFix *NoFix
		switch {
		case err == nil:
			answer.Fixes = join(answer.Fixes, *fix)
		case errors.Is(err, ErrAsked):
		case errors.As(err, &noFix):
			answer.NoFix[finding.Fingerprint] = NoFix{noFix.Reason, request.Snapshot.InWords(noFix.Detail)}
		default:
			return PlanAnswer{}, fmt.Errorf("planning a fix of %s at %s: %w", finding.Rule, finding.Source, err)
		}
	}
	answer.Questions = p.questions
	return answer, nil
}

// mendedLast has findings that the fix of another may put right at the end.
func mendedLast(findings []rules.Finding) []rules.Finding {
	mended := func(f rules.Finding) bool {
		return slices.ContainsFunc(recipes, func(r Recipe) bool { return slices.Contains(r.Mends, f.Rule) })
	}
	last := slices.DeleteFunc(slices.Clone(findings), func(f rules.Finding) bool { return !mended(f) })
	return append(slices.DeleteFunc(slices.Clone(findings), mended), last...)
}

// join adds a fix to those planned. Findings that the same edit puts right
// share one fix.
func join(fixes []Fix, fix Fix) []Fix {
	for i, other := range fixes {
		if !slices.EqualFunc(other.Files, fix.Files, sameFile) {
			continue
		}
		for _, fingerprint := range fix.Fingerprints {
			if !slices.Contains(other.Fingerprints, fingerprint) {
				fixes[i].Fingerprints = append(fixes[i].Fingerprints, fingerprint)
			}
		}
		fixes[i].intends(fix)
		return fixes
	}
	return append(fixes, fix)
}

// intends has the fix mean what another one does too, and say so.
func (f *Fix) intends(other Fix) {
	f.Intent.Environment = f.Intent.Environment || other.Intent.Environment
	for _, change := range other.Intent.Changes {
		if !slices.ContainsFunc(f.Intent.Changes, func(c Change) bool { return c.Overlay == change.Overlay && c.same(change) }) {
			f.Intent.Changes = append(f.Intent.Changes, change)
		}
	}
	for _, layer := range other.Layers {
		if !slices.ContainsFunc(f.Layers, func(l Layer) bool { return l.Path == layer.Path }) {
			f.Layers = append(f.Layers, layer)
		}
	}
	for _, path := range other.Unbuilt {
		f.Unbuilt = once(f.Unbuilt, path)
	}
	for _, note := range other.Notes {
		f.Notes = once(f.Notes, note)
	}
}

func sameFile(a, b FileChange) bool {
	return a.Path == b.Path && slices.Equal(a.Splices, b.Splices) && sameText(a.Create, b.Create) && a.Delete == b.Delete
}

// A planner plans the findings of one request; each overlay is built once.
type planner struct {
	*Seen
	request   PlanRequest
	questions []Question
	read      reading
}

// plan plans the fix of a finding, or of all that it stands for.
func (p *planner) plan(ctx context.Context, finding rules.Finding) (*Fix, error) {
	if finding.Written != "" && finding.Source.Remote == nil && HasRecipe(finding.Rule) {
		return p.planWritten(ctx, finding)
	}
	return p.planOne(ctx, finding)
}

func (p *planner) planOne(ctx context.Context, finding rules.Finding) (*Fix, error) {
	i := slices.IndexFunc(recipes, func(r Recipe) bool { return slices.Contains(r.Rules, finding.Rule) })
	if i < 0 {
		if tell, ok := told[finding.Rule]; ok {
			return nil, tell(&Plan{Finding: finding, Snapshot: p.request.Snapshot, overlays: p.request.Overlays, read: p.read})
		}
		detail, ok := byHand[finding.Rule]
		if !ok {
			detail = "There is no edit of this that is safe for everybody; the finding says what to write."
		}
		return nil, &NoFix{ReasonNoRecipe, detail}
	}
	if finding.SetBy != "" {
		return nil, &NoFix{ReasonAutomation, fmt.Sprintf("%s once the overlay is built, so what an edit here does to what runs cannot be seen.", finding.SetBy)}
	}
	if finding.Source.Path == "" {
		return nil, &NoFix{ReasonNotPlaced, "Which file says this is not known."}
	}
	plan := &Plan{
		Finding: finding, Snapshot: p.request.Snapshot, Policy: p.request.Policy.For(finding.Path, finding.Overlays), Rules: p.request.Rules.ForAll(finding.Overlays),
		Builds: map[string]*overlay.Build{}, overlays: p.request.Overlays, fresh: p.request.New, read: p.read,
		Ask: p.ask, HasFinding: func(ctx context.Context, b *overlay.Build, o *overlay.Object, field overlay.Field) (bool, error) {
			return p.hasFinding(ctx, finding, b, o, field)
		},
	}
	for _, other := range p.request.Findings {
		// Objects of one name in overlays of their own are not one object.
		together := slices.ContainsFunc(other.Overlays, func(o string) bool { return slices.Contains(finding.Overlays, o) })
		if other.Fingerprint == finding.Fingerprint || other.Suppressed != nil {
			continue
		}
		same := other.Origin == finding.Origin
		switch {
		case same && other.Rule == finding.Rule && together:
			plan.Others = append(plan.Others, other)
		case same && other.Rule == finding.Rule:
			plan.Elsewhere = append(plan.Elsewhere, other)
		case together && (same || slices.Contains(finding.Others, other.Origin)) && slices.Contains(recipes[i].Mends, other.Rule):
			plan.Beside = append(plan.Beside, other)
		}
	}
	plan.Reach = func(ctx context.Context, path string) error { return p.reach(ctx, plan, path) }
	plan.Look = p.build
	if err := plan.Reach(ctx, finding.Source.Path); err != nil {
		return nil, err
	}
	fix, err := recipes[i].Plan(ctx, plan)
	if err != nil {
		return nil, err
	}
	fix.Title, fix.Rule = recipes[i].Title, finding.Rule
	if len(fix.Fingerprints) == 0 {
		fix.Fingerprints = []string{finding.Fingerprint}
	}
	if len(plan.unbuilt) > 0 {
		fix.Unbuilt = plan.unbuilt
		fix.Notes = append(fix.Notes, fmt.Sprintf("This is proved where it builds only: %s cannot be built here.", listed(plan.unbuilt)))
	}
	if err := plan.immutable(fix.Intent.Changes); err != nil {
		return nil, err
	}
	return fix, plan.leavesMarkers(fix)
}

func (p *planner) reach(ctx context.Context, plan *Plan, path string) error {
	for _, o := range p.request.Overlays {
		if o.Component || !reads(o, path) {
			continue
		}
		if _, err := p.build(ctx, o.Path); err != nil {
			return err
		}
		if p.broken[o.Path] != nil && p.request.Policy.Unbuilt == UnbuiltAllow {
			plan.unbuilt = once(plan.unbuilt, o.Path)
			continue
		}
		if p.broken[o.Path] != nil {
			return &NoFix{ReasonNotBuilt, fmt.Sprintf("Overlay %s reads %s and does not build, so nobody can see what an edit does to it.", o.Path, path)}
		}
		plan.Builds[o.Path] = p.builds[o.Path]
	}
	return nil
}

// build builds an overlay once; nil where it does not build, which broken then
// tells. The error is of ctx.
func (p *planner) build(ctx context.Context, path string) (*overlay.Build, error) {
	if p.builds[path] == nil && p.broken[path] == nil {
		p.builds[path], p.broken[path] = p.request.Snapshot.Build(ctx, path)
	}
	return p.builds[path], ctx.Err()
}

// checks reports whether the repository wants a rule's findings.
func (p *Plan) checks(rule string) bool {
	known, ok := rules.ByID(rule)
	return ok && p.Rules.Asks(known)
}

func (p *planner) ask(q Question) (Answer, error) {
	if answer, ok := p.request.Answers[q]; ok {
		return answer, nil
	}
	if !slices.Contains(p.questions, q) {
		p.questions = append(p.questions, q)
	}
	return Answer{}, ErrAsked
}

// hasFinding believes the finding where it names the overlay; where it does
// not, that overlay may not have been checked.
func (p *planner) hasFinding(ctx context.Context, finding rules.Finding, build *overlay.Build, o *overlay.Object, field overlay.Field) (bool, error) {
	if slices.Contains(finding.Overlays, build.Overlay) && (o.Origin == finding.Origin && isIn(field, finding.Field) || bySameEntry(finding, o)) {
		return true, nil
	}
	found, err := p.findings(ctx, build)
	return slices.ContainsFunc(found, func(f rules.Finding) bool {
		return f.Rule == finding.Rule && (f.Object == o.Ref && isIn(field, f.Field) || bySameEntry(f, o))
	}), err
}

// findings are what is wrong with a build, each by itself.
func (p *planner) findings(ctx context.Context, build *overlay.Build) ([]rules.Finding, error) {
	if found, ok := p.found[build.Overlay]; ok {
		return found, nil
	}
	found, _, err := rules.Run(ctx, rules.Subject{Build: build, Apart: true}, p.request.Rules)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", build.Overlay, err)
	}
	p.found[build.Overlay] = found
	return found, nil
}

// bySameEntry reports whether a finding is about an entry of images that sets
// fields of the object: there is one finding for all that the entry sets.
func bySameEntry(f rules.Finding, o *overlay.Object) bool {
	return f.Source.Entry != "" && (f.Origin == o.Origin || slices.Contains(f.Others, o.Origin))
}
