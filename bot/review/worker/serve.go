package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

// GarbagePercent is how much a worker's heap grows before it is cleaned. 370
// builds of a real repository took 1.9 s of processor time at Go's own 100, 1.4
// at 200 and 1.2 at 400, with 90, 102 and 140 MB of memory; the soft limit on
// memory holds it back where a build is large.
const GarbagePercent = 400

// processName is argv[0] of a worker, which is how one knows itself: its
// environment is empty.
const processName = "kustodian-worker"

// Main takes over when the process was started as a worker, and then does not
// return. The arguments are how many bytes of memory the worker may hold, the
// folder of remote bases, "" for none, and the paths that it may read.
func Main() {
	if len(os.Args) == 0 || os.Args[0] != processName {
		return
	}
	out := os.Stdout
	os.Stdout = os.Stderr      // what the engine prints is no answer
	debug.SetTraceback("none") // the line that says why is enough, and the stack may hold a stranger's text
	fail := func(err error) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", processName, err)
		os.Exit(1)
	}
	if len(os.Args) < 3 {
		fail(errors.New("started without its limits"))
	}
	memory, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err != nil {
		fail(fmt.Errorf("reading the limit of memory: %w", err))
	}
	debug.SetGCPercent(GarbagePercent)
	if err := confine(memory, os.Args[3:]); err != nil {
		fail(err)
	}
	http.DefaultTransport = noNetwork{}
	requests := make(chan request)
	go func() {
		if err := receive(os.Stdin, requests); err != nil {
			fail(err)
		}
		os.Exit(0)
	}()
	go overlay.Warm() // while the first request is read
	if err := serve(context.Background(), requests, out, os.Args[2]); err != nil {
		fail(err)
	}
	os.Exit(0)
}

// receive hands on requests until in ends, which it does with the parent: a
// build that nobody waits for any more ends then, wherever it is.
func receive(in io.Reader, requests chan<- request) error {
	decoder := json.NewDecoder(in)
	for {
		var r request
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		requests <- r
	}
}

// noNetwork is the second guard behind the refusals of rules/overlay: a build
// that dials out all the same gets an error.
type noNetwork struct{}

func (noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("fetching %s: a build never uses the network", r.URL.Redacted())
}

// serve answers requests. It ends with an answer that cannot be written, and
// after an overlay that brought a schema of its own: the engine keeps schemas in
// package variables, so that another worker takes the next call.
func serve(ctx context.Context, requests <-chan request, out io.Writer, remotes string) error {
	s := server{remotes: remotes, snapshots: map[snapshotKey]*overlay.Snapshot{}, trees: map[TreeRef]*overlay.Snapshot{}}
	encoder := json.NewEncoder(out)
	for r := range requests {
		var a answer[any]
		var err error
		start := time.Now()
		if a.Fresh, err = s.tooUsed(ctx, r); err == nil && !a.Fresh {
			if a.Answer, err = s.answer(ctx, r); err == nil {
				a.Reads, err = s.reads()
			}
		}
		if err != nil {
			a.Error = err.Error()
		}
		a.Took = time.Since(start)
		if err := encoder.Encode(a); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
		if a.Fresh || overlay.SchemaChanged() {
			return nil
		}
	}
	return nil
}

// tooUsed reports whether another worker is to answer: an overlay that brings a
// schema is built by one that has built nothing, since the engine keeps in
// package variables what it asked the schema before.
func (s *server) tooUsed(ctx context.Context, r request) (bool, error) {
	tree, options, dir, builds := r.overlay()
	used := s.built
	s.built = used || builds || r.Plan != nil
	if !used || !builds {
		return false, nil
	}
	snapshot, err := s.snapshot(tree, options)
	if err != nil {
		return false, err
	}
	return snapshot.OwnSchema(ctx, dir)
}

// A server keeps the snapshots of the job's trees, so that each blob is parsed
// once for all of its overlays.
type server struct {
	remotes   string // the folder of remote bases, "" for none
	snapshots map[snapshotKey]*overlay.Snapshot
	trees     map[TreeRef]*overlay.Snapshot // those with any options read through
	befores   map[snapshotKey]*fixes.Befores
	planning  planning
	// definitions are those of one tree, for its next overlay.
	definitions     schema.Definitions
	definitionsFrom map[string]string
	// watched is what the request under way looks at; nil where it looks at nothing.
	watched *overlay.Snapshot
	built   bool // whether anything was built
}

// reads is all that the request looked up.
func (s *server) reads() (overlay.ReadSet, error) {
	if s.watched == nil {
		return nil, nil
	}
	return s.watched.Reads()
}

// A snapshotKey is a tree with the options it is read with, as JSON.
type snapshotKey struct {
	tree    TreeRef
	options string
}

func (s *server) answer(ctx context.Context, r request) (any, error) {
	s.watched = nil
	if r.Plan == nil {
		s.planning = planning{}
	}
	switch {
	case r.Configure != nil:
		return s.configure(ctx, *r.Configure)
	case r.Find != nil:
		return s.find(ctx, *r.Find)
	case r.Note != nil:
		return s.note(*r.Note)
	case r.Survey != nil:
		return s.survey(*r.Survey)
	case r.Check != nil:
		return s.check(ctx, *r.Check)
	case r.Join != nil:
		return s.join(*r.Join)
	case r.Explain != nil:
		return s.explain(ctx, *r.Explain)
	case r.Plan != nil:
		return s.plan(ctx, *r.Plan)
	case r.Prove != nil:
		return s.prove(ctx, *r.Prove)
	}
	return nil, errors.New("a request without a call")
}

// snapshot is a tree for one request: what was parsed for others is there, and
// what is looked up is noted.
func (s *server) snapshot(tree TreeRef, options overlay.Options) (*overlay.Snapshot, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("encoding options: %w", err)
	}
	key := snapshotKey{tree, string(text)}
	snapshot, ok := s.snapshots[key]
	if !ok {
		plain, err := s.open(tree)
		if err != nil {
			return nil, err
		}
		snapshot = plain.With(options)
		s.snapshots[key] = snapshot
	}
	s.watched = snapshot.Watch()
	return s.watched, nil
}

// open is the snapshot of a tree that those with any options share.
func (s *server) open(tree TreeRef) (*overlay.Snapshot, error) {
	if snapshot, ok := s.trees[tree]; ok {
		return snapshot, nil
	}
	opened, err := tree.Open()
	if err != nil {
		return nil, err
	}
	if s.remotes != "" {
		opened = mirror.Beside(opened, s.remotes)
	}
	s.trees[tree] = overlay.Open(opened, overlay.Options{})
	return s.trees[tree], nil
}

// configure reads the configurations of a tree over the one below them: the
// one at the root, then those of folders, from the outermost.
func (s *server) configure(ctx context.Context, r Configure) (answer ConfigureAnswer, err error) {
	answer.Config = config.Default()
	if r.Caps != nil {
		answer.Config = answer.Config.Under(*r.Caps)
	}
	if r.Defaults != nil {
		// Its faults are told where that file is reviewed.
		answer.Config, answer.Below = config.Parse(config.Organisation, r.Defaults, answer.Config)
		for i := range answer.Config.Rules.Own {
			answer.Config.Rules.Own[i].Path = "" // of another repository
		}
	}
	if r.Tree.IsZero() {
		return answer, nil
	}
	snapshot, err := s.snapshot(r.Tree, overlay.Options{})
	if err != nil {
		return answer, err
	}
	files, err := configurations(ctx, snapshot)
	if err != nil {
		return answer, err
	}
	for _, file := range files {
		src, err := snapshot.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the one at the root, which is asked for in any case: it may be a link
		}
		if errors.Is(err, overlay.ErrTooLarge) {
			answer.Findings = append(answer.Findings, config.Unread(file, err))
			continue
		}
		if err != nil {
			return answer, fmt.Errorf("reading %s: %w", file, err)
		}
		parse := config.ParseFolder
		if file == config.File {
			parse = config.Parse
		}
		var found []rules.Finding
		answer.Config, found = parse(file, src, answer.Config)
		answer.Findings = append(answer.Findings, found...)
	}
	return answer, nil
}

// configurations are the configurations of a tree, the outermost first.
func configurations(ctx context.Context, snapshot *overlay.Snapshot) ([]string, error) {
	files, err := snapshot.YAMLFiles(ctx)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(file string) bool { return path.Base(file) != config.File || file == config.File })
	slices.SortStableFunc(files, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return append([]string{config.File}, files...), nil
}

func (s *server) find(ctx context.Context, r Find) (answer FindAnswer, err error) {
	snapshot, err := s.snapshot(r.Tree, r.Options)
	if err != nil {
		return answer, err
	}
	answer.Overlay, err = snapshot.FindAt(ctx, r.Overlay)
	answer.Overlay.Reads = nil // they are those of the request
	return answer, err
}

func (s *server) survey(r Survey) (answer SurveyAnswer, err error) {
	snapshot, err := s.snapshot(r.Tree, overlay.Options{})
	if err != nil {
		return answer, err
	}
	answer.Findings = rules.SurveyTree(r.Seen, snapshot.ReadFile, r.Policy)
	answer.Findings = rules.Suppress(answer.Findings, snapshot.ReadFile)
	return answer, nil
}

func (s *server) check(ctx context.Context, r Check) (CheckAnswer, error) {
	answer := CheckAnswer{Overlay: r.Overlay}
	snapshot, err := s.snapshot(r.Tree, r.Options)
	if err != nil {
		return answer, err
	}
	definitions := s.define(snapshot, r.Definitions)
	build, err := snapshot.Build(ctx, r.Overlay)
	if errors.As(err, &answer.Broken) {
		return answer, checkParts(ctx, snapshot, r, definitions, &answer)
	}
	if err != nil {
		return answer, err
	}
	answer.Objects = len(build.Objects)
	for _, o := range build.Objects {
		if fixes.HasFixedFields(o) {
			answer.Fixed = append(answer.Fixed, o.Ref)
		}
	}
	before, err := s.before(ctx, r)
	if err != nil {
		return answer, err
	}
	answer.Findings, answer.Facts, err = rules.Run(ctx, rules.Subject{Build: build, Before: before, Part: r.Part, Additions: r.Additions, Published: r.Published, Definitions: definitions}, r.Policy)
	if err != nil {
		return answer, err
	}
	answer.Findings = rules.Suppress(answer.Findings, snapshot.ReadFile)
	return answer, nil
}

// before builds what an overlay was before the change, nil where nobody asks or
// where it did not build: then nobody knows what its objects were.
func (s *server) before(ctx context.Context, r Check) (*overlay.Build, error) {
	if r.Before == nil {
		return nil, nil
	}
	// An answer that two trees went into is remembered for neither.
	defer func() { s.watched = nil }()
	if r.Before.Overlay == "" {
		return &overlay.Build{}, nil
	}
	snapshot, err := s.snapshot(r.Before.Tree, r.Options)
	if err != nil {
		return nil, err
	}
	build, err := snapshot.Build(ctx, r.Before.Overlay)
	if broken := (*overlay.BuildError)(nil); errors.As(err, &broken) {
		return nil, nil
	}
	return build, err
}

// checkParts finds what is wrong with the parts of an overlay that is broken.
// The findings are the overlay's: it is where they would be seen.
func checkParts(ctx context.Context, snapshot *overlay.Snapshot, r Check, definitions schema.Definitions, answer *CheckAnswer) error {
	parts, err := snapshot.Parts(ctx, r.Overlay)
	if err != nil {
		return err
	}
	var found [][]rules.Finding
	for _, part := range parts {
		answer.Parts = append(answer.Parts, Part{Overlay: part.Overlay, Objects: len(part.Objects), Without: part.Without})
		findings, _, err := rules.Run(ctx, rules.Subject{Build: part, Part: true, Additions: r.Additions, Published: r.Published, Definitions: definitions}, r.Policy)
		if err != nil {
			return err
		}
		for i := range findings {
			findings[i].Overlays = []string{r.Overlay}
		}
		found = append(found, findings)
	}
	// What is in no part is looked at as it is written.
	documents, err := snapshot.Documents(ctx, r.Overlay)
	if err != nil {
		return err
	}
	environment, _ := r.Options.Environments.Of(r.Overlay)
	found = append(found, rules.Soften(rules.CheckDocuments(r.Overlay, environment, documents, definitions, r.Policy), snapshot.ReadFile))
	answer.Findings = rules.Suppress(rules.Merge(found...), snapshot.ReadFile)
	return nil
}

// define reads the custom resources that the files of a tree define.
func (s *server) define(snapshot *overlay.Snapshot, files map[string]string) schema.Definitions {
	if s.definitions != nil && maps.Equal(s.definitionsFrom, files) {
		return s.definitions
	}
	s.definitions, s.definitionsFrom = schema.Definitions{}, files
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if text, err := snapshot.ReadFile(file); err == nil {
			s.definitions.AddText(text)
		}
	}
	return s.definitions
}

func (s *server) join(r Join) (answer JoinAnswer, err error) {
	snapshot, err := s.snapshot(r.Tree, r.Options)
	if err != nil {
		return answer, err
	}
	answer.Findings, err = rules.Join(r.Facts, r.Policy)
	answer.Findings = rules.Suppress(rules.Soften(answer.Findings, snapshot.ReadFile), snapshot.ReadFile)
	return answer, err
}

func (s *server) explain(ctx context.Context, r Explain) (answer ExplainAnswer, err error) {
	snapshot, err := s.snapshot(r.Tree, r.Options)
	if err != nil {
		return answer, err
	}
	build, err := snapshot.Build(ctx, r.Overlay)
	if errors.As(err, &answer.Broken) {
		return answer, nil
	}
	if err != nil {
		return answer, err
	}
	if len(r.Field) > 0 {
		answer.Histories, err = build.Histories(ctx, r.Field)
		return answer, err
	}
	if answer.Scalars, err = build.Blame(ctx); err != nil {
		return answer, err
	}
	answer.Lines, err = build.Print(ctx)
	return answer, err
}

// A planning is what the rounds of one plan share.
type planning struct {
	of   string // the request without its answers, as JSON
	seen *fixes.Seen
}

// seen is what the last round has built, where it asked for the same.
func (s *server) seen(r Plan) (*fixes.Seen, error) {
	r.Answers = nil
	of, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	if s.planning.of != string(of) {
		s.planning = planning{string(of), &fixes.Seen{}}
	}
	return s.planning.seen, nil
}

func (s *server) plan(ctx context.Context, r Plan) (PlanAnswer, error) {
	snapshot, err := s.snapshot(r.Tree, r.Options)
	if err != nil {
		return PlanAnswer{}, err
	}
	answers := map[fixes.Question]fixes.Answer{}
	for _, a := range r.Answers {
		answers[a.Question] = a.Answer
	}
	seen, err := s.seen(r)
	if err != nil {
		return PlanAnswer{}, err
	}
	planned, err := fixes.MakePlans(ctx, fixes.PlanRequest{
		Snapshot: snapshot, Overlays: r.Overlays, Findings: r.Findings, Policy: r.Policy, Rules: r.Rules, Answers: answers, New: r.New, Seen: seen,
	})
	return PlanAnswer(planned), err
}

// unfixed is what the job's proofs share of one tree.
func (s *server) unfixed(key snapshotKey) *fixes.Befores {
	if s.befores[key] == nil {
		s.befores = map[snapshotKey]*fixes.Befores{key: {}} // a job's fixes are all of its head
	}
	return s.befores[key]
}

func (s *server) prove(ctx context.Context, r Prove) (answer ProveAnswer, err error) {
	snapshot, err := s.snapshot(r.Tree, r.Options)
	if err != nil {
		return answer, err
	}
	options, err := json.Marshal(r.Options)
	if err != nil {
		return answer, fmt.Errorf("encoding options: %w", err)
	}
	answer.Proof, err = fixes.ProveOverlay(ctx, snapshot, r.Fixes, r.Overlay, r.Policy, s.unfixed(snapshotKey{r.Tree, string(options)}))
	return answer, err
}
