package rules_test

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
	cases "github.com/kustodian/kustodian/testdata/rules"
)

// TestRules runs every case of testdata/rules. A case is a small repository;
// its comment names the overlays (`build DIR`, `part DIR` for one that nobody
// deploys as it is) the version of the cluster (`cluster 1.34`), the policy on
// limits of cpu (`cpu limits forbid`), and how large an image may be in MiB (`image size 500`);
// files below was/ are those that the base of the change has otherwise, empty where it has
// none. The file registry says "IMAGE DIGEST MIB" a line. `# want ID "regexp"` stands on the lines at fault, `# want+N` N lines
// above them; the regexp is of the message, or of "SEVERITY: MESSAGE". Nothing else may be found of the rule that the case is about.
func TestRules(t *testing.T) {
	for rule := range rules.All() {
		if !rule.Looks() {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			files, err := fs.Glob(cases.FS, path.Join(rule.ID, "*.txtar"))
			if err != nil {
				t.Fatal(err)
			}
			if len(files) == 0 {
				t.Fatalf("found no case in testdata/rules/%s", rule.ID)
			}
			for _, file := range files {
				t.Run(strings.TrimSuffix(path.Base(file), ".txtar"), func(t *testing.T) {
					src, err := fs.ReadFile(cases.FS, file)
					if err != nil {
						t.Fatal(err)
					}
					runCase(t, txtar.Parse(src), rule.ID)
				})
			}
		})
	}
}

// TestCasesHaveRules finds folders of cases that no rule claims.
func TestCasesHaveRules(t *testing.T) {
	folders, err := fs.ReadDir(cases.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if _, ok := rules.ByID(folder.Name()); !ok {
			t.Errorf("testdata/rules/%s is about no rule", folder.Name())
		}
	}
}

// runCase runs a case that is about the rules given.
func runCase(t *testing.T, archive *txtar.Archive, ids ...string) {
	t.Helper()
	tree, was := overlay.Files{}, overlay.Files{}
	for _, file := range archive.Files {
		if !strings.HasPrefix(file.Name, "want/") && !strings.HasPrefix(file.Name, "was/") && file.Name != "registry" {
			tree[file.Name] = string(file.Data)
		}
	}
	maps.Copy(was, tree)
	compared := false
	for _, file := range archive.Files {
		name, ok := strings.CutPrefix(file.Name, "was/")
		if !ok {
			continue
		}
		compared = true
		was[name] = string(file.Data)
		if len(file.Data) == 0 {
			delete(was, name)
		}
	}
	snapshot := overlay.Open(tree, overlay.Options{})
	comment := string(archive.Comment)
	found, facts := check(t, snapshot, comment, policyOf(comment))
	joined := rules.Facts{Head: facts, Overlays: overlays(t, snapshot), Compared: compared, Additions: map[string][]rules.Addition{}}
	for _, o := range joined.Overlays {
		joined.Additions[o.Path] = additions(t, snapshot, comment, o.Path)
	}
	if compared {
		_, joined.Base = check(t, overlay.Open(was, overlay.Options{}), comment, policyOf(comment))
	}
	joined.Images = registered(t, archive, joined.Asked())
	together, err := rules.Join(joined, policyOf(comment))
	if err != nil {
		t.Fatal(err)
	}
	together = rules.Soften(together, snapshot.ReadFile)
	found = append(found, together, survey(t, snapshot, joined.Overlays, policyOf(comment)))
	wants := wantsOf(t, tree)
	for _, f := range rules.Suppress(rules.Merge(found...), snapshot.ReadFile) {
		at := fmt.Sprintf("%s:%d", f.Path, f.Line)
		if f.Suppressed == nil && !wants.take(at, f) && slices.Contains(ids, f.Rule) {
			t.Errorf("%s: found %s %q, which nothing wants", at, f.Rule, f.Message)
		}
	}
	for at, rest := range wants {
		for _, w := range rest {
			t.Errorf("%s: want %s %q, found nothing like it", at, w.rule, w.message)
		}
	}
}

// check builds the overlays that the comment of a case names and runs every
// rule on them.
func check(t *testing.T, snapshot *overlay.Snapshot, comment string, policy rules.Policy) (found [][]rules.Finding, facts []rules.Fact) {
	t.Helper()
	builds := 0
	for line := range strings.Lines(comment) {
		verb, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if verb != "build" && verb != "part" {
			continue
		}
		build, err := snapshot.Build(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		builds++
		subject := rules.Subject{Build: build, Part: verb == "part", Additions: additions(t, snapshot, comment, dir), Published: rules.Published(see(t, snapshot, overlays(t, snapshot)))}
		findings, noted, err := rules.Run(t.Context(), subject, policy)
		if err != nil {
			t.Fatal(err)
		}
		found, facts = append(found, findings), append(facts, noted...)
	}
	if builds == 0 {
		t.Fatal("the case builds nothing: write build DIR in its comment")
	}
	return found, facts
}

// survey applies the rules over a tree.
func survey(t *testing.T, snapshot *overlay.Snapshot, overlays []overlay.Overlay, policy rules.Policy) []rules.Finding {
	t.Helper()
	return rules.SurveyTree(see(t, snapshot, overlays), snapshot.ReadFile, policy)
}

// see is what is known of a tree before any build.
func see(t *testing.T, snapshot *overlay.Snapshot, overlays []overlay.Overlay) rules.Seen {
	t.Helper()
	files, err := snapshot.YAMLFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rules.See(overlays, files, notes(t, snapshot, files))
}

// additions are those to an overlay of the repository that the comment of a
// case may name: `repository URL`.
func additions(t *testing.T, snapshot *overlay.Snapshot, comment, dir string) []rules.Addition {
	t.Helper()
	files, err := snapshot.YAMLFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	repository := ""
	for line := range strings.Lines(comment) {
		if url, ok := strings.CutPrefix(line, "repository "); ok {
			repository = strings.TrimSpace(url)
		}
	}
	return rules.AdditionsTo(notes(t, snapshot, files), dir, repository)
}

func notes(t *testing.T, snapshot *overlay.Snapshot, files []string) []rules.Note {
	t.Helper()
	var all []rules.Note
	for _, file := range files {
		text, err := snapshot.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if note, ok := rules.NoteFile(file, text); ok {
			all = append(all, note)
		}
	}
	return all
}

// registered is what the registry of a case says of the images that are asked;
// one that it does not know is not there.
func registered(t *testing.T, archive *txtar.Archive, asked []string) map[string]rules.Registered {
	t.Helper()
	said := map[string]rules.Registered{}
	for _, file := range archive.Files {
		if file.Name != "registry" {
			continue
		}
		for line := range strings.Lines(string(file.Data)) {
			var image, digest string
			var size int64
			if _, err := fmt.Sscan(line, &image, &digest, &size); err != nil {
				t.Fatalf("registry: %q: %v", line, err)
			}
			if slices.Contains(asked, image) {
				said[image] = rules.Registered{Digest: digest, Size: size << 20}
			}
		}
	}
	return said
}

func overlays(t *testing.T, snapshot *overlay.Snapshot) []overlay.Overlay {
	t.Helper()
	all, err := snapshot.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// policyOf turns on every rule that is off by default, and takes what the
// comment of a case says of the cluster.
func policyOf(comment string) rules.Policy {
	policy := rules.Policy{Severities: map[string]rules.Severity{}}
	for rule := range rules.All() {
		if rule.Severity == rules.Off {
			policy.Severities[rule.ID] = rules.Info
		}
	}
	for line := range strings.Lines(comment) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "cluster "); ok {
			policy.ClusterVersion = version
		}
		if annotations, ok := strings.CutPrefix(strings.TrimSpace(line), "contact "); ok {
			policy.Contact = strings.Fields(annotations)
		}
		if size, ok := strings.CutPrefix(strings.TrimSpace(line), "image size "); ok {
			if _, err := fmt.Sscan(size, &policy.ImageSize); err == nil {
				policy.ImageSize <<= 20
			}
		}
		if limits, ok := strings.CutPrefix(strings.TrimSpace(line), "cpu limits "); ok {
			policy.CPULimits = limits
		}
	}
	return policy
}

// A want is a finding that a line is at fault for.
type want struct {
	rule    string
	message *regexp.Regexp
}

// wants are the wants by "file:line".
type wants map[string][]want

// take removes the want that a finding answers, and reports whether there was one.
func (w wants) take(at string, f rules.Finding) bool {
	for i, want := range w[at] {
		if want.rule == f.Rule && (want.message.MatchString(f.Message) || want.message.MatchString(f.Severity.String()+": "+f.Message)) {
			w[at] = append(w[at][:i:i], w[at][i+1:]...)
			return true
		}
	}
	return false
}

var (
	wantComment = regexp.MustCompile(`# want(\+\d+)?((?: [a-z0-9-]+ "[^"]*")+)`)
	wantOne     = regexp.MustCompile(`([a-z0-9-]+) "([^"]*)"`)
)

func wantsOf(t *testing.T, tree overlay.Files) wants {
	t.Helper()
	out := wants{}
	for name, text := range tree {
		for i, line := range strings.Split(text, "\n") {
			comment := wantComment.FindStringSubmatch(line)
			if comment == nil {
				continue
			}
			below := 0
			if comment[1] != "" {
				below, _ = strconv.Atoi(comment[1][1:])
			}
			at := fmt.Sprintf("%s:%d", name, i+1+below)
			for _, m := range wantOne.FindAllStringSubmatch(comment[2], -1) {
				out[at] = append(out[at], want{m[1], regexp.MustCompile(m[2])})
			}
		}
	}
	return out
}

// TestCatalogueIsSaid holds what people read of each rule.
func TestCatalogueIsSaid(t *testing.T) {
	for rule := range rules.All() {
		if rule.Title == "" || len(rule.Title) > 60 || strings.HasSuffix(rule.Title, ".") {
			t.Errorf("%s: the title %q is not one of at most 60 letters without a full stop", rule.ID, rule.Title)
		}
		if !strings.HasSuffix(rule.Why, ".") || rule.Write == "" || strings.HasSuffix(rule.Write, ".") {
			t.Errorf("%s: Why is a sentence, Write says what to write", rule.ID)
		}
		if rule.Looks() && len(rule.Practices) == 0 && rule.ID != "ignore-invalid" {
			t.Errorf("%s serves no practice", rule.ID)
		}
		if _, err := time.Parse(time.DateOnly, rule.Since); rule.Since != "" && err != nil {
			t.Errorf("%s: Since is a day: %v", rule.ID, err)
		}
		for _, id := range rule.Implies {
			if _, ok := rules.ByID(id); !ok {
				t.Errorf("%s implies %s, which is no rule", rule.ID, id)
			}
		}
	}
}
