package fixes

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A fixCase is one repository with what fixing it must give:
//
//	rule ID               findings of this rule are fixed; several lines add up
//	refuse REASON "text"  a finding has no fix for the reason, in words that match
//	note "text"           a fix tells its reviewer so, in words that match
//	-- policy.json --     the fixes.Policy
//	-- rules.json --      the rules.Policy
//	-- new.json --        PlanRequest.New
//	-- answers --         "IMAGE DIGEST", "IMAGE error SENTENCE" or "IMAGE offline" a line
//	-- want/PATH --       the file after the fixes, byte for byte
//	-- diff/OVERLAY --    the difference of the overlay's builds
//
// All other files are the repository.
type fixCase struct {
	rules   []string
	refuse  []*refusal
	notes   []*regexp.Regexp
	files   overlay.Files
	want    map[string]string
	diff    map[string]string
	policy  Policy
	checks  rules.Policy
	fresh   map[string][]overlay.ObjectRef
	answers map[Question]Answer
	history []history
	// digest is that of every image that answers do not name; "" for none.
	digest string
}

// anyDigest is one that real repositories are fixed with.
var anyDigest = "sha256:" + strings.Repeat("ab", 32)

type refusal struct {
	reason Reason
	text   *regexp.Regexp
	seen   bool
}

func TestFixes(t *testing.T) {
	paths, err := filepath.Glob("../testdata/fixes/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("found no cases")
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c := readCase(t, archive)
			if *update {
				c.rewrite(t, path, archive)
			}
			c.run(t)
		})
	}
}

// update writes what the fixes give into the cases, to be read before it is kept.
var update = flag.Bool("update", false, "write what is got into the cases")

// rewrite puts what the fixes of a case give in place of what it wants.
func (c *fixCase) rewrite(t *testing.T, path string, archive *txtar.Archive) {
	t.Helper()
	tree := open(t, c, c.files)
	planned := tree.plan(t, c)
	var refusals []string
	refuse := func(why NoFix) {
		line := fmt.Sprintf("refuse %s %q", why.Reason, strings.ReplaceAll(regexp.QuoteMeta(why.Detail), `\.`, "."))
		if !slices.Contains(refusals, line) {
			refusals = append(refusals, line)
		}
	}
	var held []Fix
	for _, fix := range planned.Fixes {
		if proof := tree.judge(t, []Fix{fix}); proof.Reason != NoReason {
			refuse(NoFix{proof.Reason, proof.Detail})
		} else {
			held = append(held, fix)
		}
	}
	for _, fingerprint := range sortedKeys(planned.NoFix) {
		refuse(planned.NoFix[fingerprint])
	}
	var comment []string
	for line := range strings.Lines(string(archive.Comment)) {
		if !strings.HasPrefix(line, "refuse ") {
			comment = append(comment, line)
		}
	}
	slices.Sort(refusals)
	archive.Comment = []byte(strings.Join(comment, "") + strings.Join(append(refusals, ""), "\n"))
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool {
		return strings.HasPrefix(f.Name, "want/") || strings.HasPrefix(f.Name, "diff/")
	})
	files, err := Apply(tree.snapshot.ReadFile, held)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sortedKeys(files) {
		archive.Files = append(archive.Files, txtar.File{Name: "want/" + name, Data: files[name]})
	}
	for _, o := range tree.judge(t, held).Overlays {
		if o.Diff != "" {
			archive.Files = append(archive.Files, txtar.File{Name: "diff/" + o.Overlay, Data: []byte(o.Diff)})
		}
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
	*c = *readCase(t, archive)
}

// TestRulesAreFixed holds the fixes to what the cases of the rules show.
func TestRulesAreFixed(t *testing.T) {
	paths, err := filepath.Glob("../testdata/rules/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want/") }) {
			continue
		}
		rule := filepath.Base(filepath.Dir(path))
		t.Run(rule+"/"+filepath.Base(path), func(t *testing.T) {
			c := readCase(t, archive)
			c.rules = []string{rule}
			c.run(t)
		})
	}
}

func readCase(t *testing.T, archive *txtar.Archive) *fixCase {
	t.Helper()
	c := &fixCase{files: overlay.Files{}, want: map[string]string{}, diff: map[string]string{}, answers: map[Question]Answer{}}
	for _, line := range strings.Split(string(archive.Comment), "\n") {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "rule":
			c.rules = append(c.rules, rest)
		case "note":
			text, err := strconv.Unquote(rest)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			c.notes = append(c.notes, regexp.MustCompile(text))
		case "refuse":
			reason, quoted, _ := strings.Cut(rest, " ")
			text, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			c.refuse = append(c.refuse, &refusal{reason: Reason(reason), text: regexp.MustCompile(text)})
		}
	}
	for _, f := range archive.Files {
		text := string(f.Data)
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			c.want[name] = text
			continue
		}
		if name, ok := strings.CutPrefix(f.Name, "diff/"); ok {
			c.diff[name] = text
			continue
		}
		if name, ok := strings.CutPrefix(f.Name, "history/"); ok {
			c.readHistory(t, name, text)
			continue
		}
		switch f.Name {
		case "policy.json":
			if err := json.Unmarshal(f.Data, &c.policy); err != nil {
				t.Fatalf("policy.json: %v", err)
			}
		case "rules.json":
			if err := json.Unmarshal(f.Data, &c.checks); err != nil {
				t.Fatalf("rules.json: %v", err)
			}
		case "new.json":
			if err := json.Unmarshal(f.Data, &c.fresh); err != nil {
				t.Fatalf("new.json: %v", err)
			}
		case "answers":
			c.readAnswers(t, text)
		default:
			if target, ok := strings.CutPrefix(text, "-> "); ok {
				text = overlay.LinkTo + strings.TrimSpace(target)
			}
			c.files[f.Name] = text
		}
	}
	return c
}

func (c *fixCase) readAnswers(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		answer := Answer{}
		switch {
		case len(words) == 2 && words[1] == "offline":
			answer.Offline = true
		case len(words) == 2:
			answer.Digest = words[1]
		case len(words) == 3 && words[1] == "error":
			answer.Error = words[2]
		default:
			t.Fatalf("answers: %q", line)
		}
		c.answers[Question{Image: words[0]}] = answer
	}
}

// readHistory reads the last commits that changed lines of a file, the latest
// first: "AUTHOR <MAIL> SUBJECT" each, where the author committed it himself.
func (c *fixCase) readHistory(t *testing.T, name, text string) {
	t.Helper()
	file, line, _ := strings.Cut(name, ":")
	number, err := strconv.Atoi(line)
	if err != nil {
		t.Fatalf("history/%s names no line: %v", name, err)
	}
	made := history{path: file, line: number}
	for i, commit := range strings.Split(strings.TrimSpace(text), "\n") {
		author, rest, _ := strings.Cut(commit, " <")
		mail, subject, ok := strings.Cut(rest, "> ")
		if !ok || i >= len(made.commits) {
			t.Fatalf("history/%s: %q", name, commit)
		}
		made.commits[i] = Commit{Author: author, AuthorMail: mail, Committer: author, CommitterMail: mail, Subject: subject}
	}
	c.history = append(c.history, made)
}

// A history is who changed a line last.
type history struct {
	path    string
	line    int
	commits [LastChanges]Commit
}

// answer answers a question as the case says; of lines nothing need be known.
func (c *fixCase) answer(q Question) (Answer, bool) {
	for _, h := range c.history {
		if h.path == q.Lines.Path && q.Lines.First <= h.line && h.line <= q.Lines.Last {
			return Answer{Commits: h.commits}, true
		}
	}
	q.Mirror = "" // of the case's policy
	answer, ok := c.answers[q]
	if !ok && q.Image != "" && c.digest != "" {
		return Answer{Digest: c.digest}, true
	}
	return answer, ok || q.Lines != (Lines{})
}

func (c *fixCase) run(t *testing.T) {
	if len(c.want) == 0 && len(c.refuse) == 0 {
		t.Fatal("the case expects nothing")
	}
	tree := open(t, c, c.files)
	planned := tree.plan(t, c)
	proved, proofs := tree.prove(t, c, planned.Fixes)
	for fingerprint, why := range planned.NoFix {
		c.refused(t, fingerprint, why)
	}
	for _, r := range c.refuse {
		if !r.seen {
			t.Errorf("want a refusal %s %q; got %v", r.reason, r.text, planned.NoFix)
		}
	}
	for _, note := range c.notes {
		if !slices.ContainsFunc(proved, func(f Fix) bool { return slices.ContainsFunc(f.Notes, note.MatchString) }) {
			t.Errorf("no fix says %q; got %+v", note, proved)
		}
	}
	files, err := Apply(tree.snapshot.ReadFile, proved)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for path, text := range files {
		got[path] = string(text)
	}
	if diff := cmp.Diff(c.want, got); diff != "" {
		t.Errorf("the fixed files differ (-want +got):\n%s", diff)
	}
	for path, want := range c.diff {
		if diff := cmp.Diff(want, proofs[path]); diff != "" {
			t.Errorf("the difference of %s differs (-want +got):\n%s", path, diff)
		}
	}
	if c.policy.Staged {
		c.inSteps(t)
		return
	}
	c.unchanged(t, tree, planned, proved)
}

// inSteps fixes one step after the other until nothing is planned: none of
// them restarts production together with others, and after the last the
// findings are gone.
func (c *fixCase) inSteps(t *testing.T) {
	t.Helper()
	files := maps.Clone(c.files)
	for range 4 {
		tree := open(t, c, files)
		planned := tree.plan(t, c)
		if len(planned.Fixes) == 0 {
			if len(planned.NoFix) > 0 {
				t.Errorf("after all steps there is left: %v", planned.NoFix)
			}
			return
		}
		for _, fix := range planned.Fixes {
			proof := tree.judge(t, []Fix{fix})
			if proof.Reason != NoReason {
				t.Fatalf("a step is not proved: %s", proof.Detail)
			}
			if tree.restartsTogether(proof) && !strings.Contains(fmt.Sprint(fix.Layers, fix.Notes), "It restarts production together") {
				t.Errorf("a step restarts production and others, and does not say so: %+v", fix)
			}
		}
		changed, err := Apply(tree.snapshot.ReadFile, planned.Fixes)
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range changed {
			files[path] = string(text)
			if text == nil {
				delete(files, path)
			}
		}
	}
	t.Error("the steps have no end")
}

// restartsTogether reports whether a fix restarts production and what is known
// to be none.
func (tree *testTree) restartsTogether(proof Proof) bool {
	restarts := map[bool]bool{}
	for _, proved := range proof.Overlays {
		for _, o := range tree.overlays {
			if o.Path == proved.Overlay && o.Environment != "" && len(proved.Effect.Restarts) > 0 {
				restarts[o.Production] = true
			}
		}
	}
	return len(restarts) == 2
}

// unchanged plans the fixed tree: nothing but what was withheld is planned
// again, no fix brings a fault of another kind, and none what is fixed next.
func (c *fixCase) unchanged(t *testing.T, tree *testTree, planned PlanAnswer, proved []Fix) {
	t.Helper()
	files, err := Apply(tree.snapshot.ReadFile, proved)
	if err != nil {
		t.Fatal(err)
	}
	after := maps.Clone(c.files)
	for path, text := range files {
		if text == nil {
			delete(after, path)
		} else {
			after[path] = string(text)
		}
	}
	fixed := open(t, c, after)
	for _, f := range fixed.findings {
		known := slices.ContainsFunc(tree.findings, func(old rules.Finding) bool { return old.Rule == f.Rule && old.Object == f.Object })
		// What a misspelt name hid from the rules they see now.
		if !known && f.Severity >= rules.Warning && !slices.Contains(c.rules, "schema") {
			t.Errorf("the fix brings %s: %s: %s", f.Source, f.Rule, f.Message)
		}
	}
	if again := fixed.plan(t, c); len(again.Fixes) > len(planned.Fixes)-len(proved) {
		t.Errorf("the fixed tree is planned again: %+v", again.Fixes)
	}
	brought := slices.DeleteFunc(fixed.findings, func(f rules.Finding) bool {
		return slices.ContainsFunc(tree.findings, func(was rules.Finding) bool { return was.Fingerprint == f.Fingerprint })
	})
	more := fixed.planOf(t, c, brought, func(q Question) Answer {
		if known, ok := c.answer(q); ok {
			return known
		}
		return Answer{Offline: true} // the case is not about it
	})
	if len(more.Fixes) > 0 {
		t.Errorf("the fixes bring what has to be fixed next: %+v", more.Fixes)
	}
}

func (c *fixCase) refused(t *testing.T, fingerprint string, why NoFix) {
	t.Helper()
	for _, r := range c.refuse {
		if r.reason == why.Reason && r.text.MatchString(why.Detail) {
			r.seen = true
			return
		}
	}
	t.Errorf("finding %s has no fix, which no line wants: %s %q", fingerprint, why.Reason, why.Detail)
}

// A testTree is a repository with its roots and what the rules find in them.
type testTree struct {
	checks   rules.Policy
	snapshot *overlay.Snapshot
	overlays []overlay.Overlay
	findings []rules.Finding
	befores  Befores
}

// open opens files as the repository of a case, whose answers are the registry's too.
func open(t *testing.T, c *fixCase, files overlay.Files) *testTree {
	t.Helper()
	tree := &testTree{checks: c.checks, snapshot: overlay.Open(files, overlay.Options{})}
	all, err := tree.snapshot.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found [][]rules.Finding
	var facts []rules.Fact
	for _, o := range all {
		if !o.Root || o.Component {
			continue
		}
		tree.overlays = append(tree.overlays, o)
		build, err := tree.snapshot.Build(t.Context(), o.Path)
		var broken *overlay.BuildError
		if errors.As(err, &broken) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		findings, own, err := rules.Run(t.Context(), rules.Subject{Build: build}, c.checks)
		if err != nil {
			t.Fatal(err)
		}
		found, facts = append(found, findings), append(facts, own...)
	}
	noted := rules.Facts{Head: facts, Overlays: tree.overlays, Images: map[string]rules.Registered{}}
	for _, image := range noted.Asked() {
		answer, _ := c.answer(Question{Image: image})
		noted.Images[image] = rules.Registered{Digest: answer.Digest}
	}
	joined, err := rules.Join(noted, c.checks)
	if err != nil {
		t.Fatal(err)
	}
	found = append(found, joined)
	tree.findings = rules.Merge(found...)
	return tree
}

// plan plans fixes of the findings that the case is about.
func (tree *testTree) plan(t *testing.T, c *fixCase) PlanAnswer {
	t.Helper()
	var about []rules.Finding
	for _, f := range tree.findings {
		if slices.Contains(c.rules, f.Rule) {
			about = append(about, f)
		}
	}
	return tree.planOf(t, c, about, func(q Question) Answer {
		known, ok := c.answer(q)
		if !ok {
			t.Fatalf("nobody answers %q", q.Image)
		}
		return known
	})
}

// planOf plans fixes of findings, and asks as often as answers are missing.
func (tree *testTree) planOf(t *testing.T, c *fixCase, findings []rules.Finding, ask func(Question) Answer) PlanAnswer {
	t.Helper()
	request := PlanRequest{Snapshot: tree.snapshot, Overlays: tree.overlays, Findings: findings, Policy: c.policy, Rules: tree.checks, New: c.fresh, Answers: map[Question]Answer{}}
	for range 3 {
		answer, err := MakePlans(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Questions) == 0 {
			return answer
		}
		for _, q := range answer.Questions {
			request.Answers[q] = ask(q)
		}
	}
	t.Fatal("the plan keeps asking")
	return PlanAnswer{}
}

// prove proves each fix by itself and all together. It returns those that
// hold, and the differences by overlay; what does not hold must be refused.
func (tree *testTree) prove(t *testing.T, c *fixCase, fixes []Fix) ([]Fix, map[string]string) {
	t.Helper()
	var held []Fix
	for _, fix := range fixes {
		proof := tree.judge(t, []Fix{fix})
		if proof.Reason != NoReason {
			c.refused(t, fix.Fingerprints[0], NoFix{proof.Reason, proof.Detail})
			continue
		}
		held = append(held, fix)
	}
	together := tree.judge(t, held)
	if together.Reason != NoReason {
		t.Errorf("the fixes do not hold together: %s", together.Detail)
	}
	diffs := map[string]string{}
	for _, o := range together.Overlays {
		diffs[o.Overlay] = o.Diff
	}
	return held, diffs
}

func (tree *testTree) judge(t *testing.T, fixes []Fix) Proof {
	t.Helper()
	var proofs []OverlayProof
	for _, o := range tree.overlays {
		if readsAny(o, fixes) {
			proof, err := ProveOverlay(context.Background(), tree.snapshot, fixes, o.Path, tree.checks, &tree.befores)
			if err != nil {
				t.Fatal(err)
			}
			proofs = append(proofs, proof)
		}
	}
	if len(fixes) > 0 && len(proofs) == 0 {
		t.Fatal(fmt.Errorf("no overlay reads what the fixes change"))
	}
	return Judge(fixes, proofs)
}

func readsAny(o overlay.Overlay, fixes []Fix) bool {
	for _, fix := range fixes {
		for _, file := range fix.Files {
			if slices.Contains(o.Reads, file.Path) {
				return true
			}
		}
	}
	return false
}
