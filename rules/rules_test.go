package rules_test

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
	cases "github.com/kustodian/kustodian/testdata/rules"
)

// TestRules runs every case of testdata/rules. A case is a small repository;
// its comment names the overlays (`build DIR`), and `# want ID "regexp"` stands
// on the lines at fault, `# want+N` N lines above them. Nothing else may be
// found of the rule that the case is about.
func TestRules(t *testing.T) {
	for rule := range rules.All() {
		if rule.Check == nil {
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
					runCase(t, rule.ID, txtar.Parse(src))
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

func runCase(t *testing.T, id string, archive *txtar.Archive) {
	tree := overlay.Files{}
	for _, file := range archive.Files {
		if !strings.HasPrefix(file.Name, "want/") {
			tree[file.Name] = string(file.Data)
		}
	}
	snapshot := overlay.Open(tree, overlay.Options{})
	var policy rules.Policy
	if rule, _ := rules.ByID(id); rule.Severity == rules.Off {
		policy.Severities = map[string]rules.Severity{id: rules.Info}
	}
	var found [][]rules.Finding
	for line := range strings.Lines(string(archive.Comment)) {
		if dir, ok := strings.CutPrefix(strings.TrimSpace(line), "build "); ok {
			build, err := snapshot.Build(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			findings, _, err := rules.Run(t.Context(), build, policy)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, findings)
		}
	}
	if len(found) == 0 {
		t.Fatal("the case builds nothing: write build DIR in its comment")
	}
	wants := wantsOf(t, tree)
	for _, f := range rules.Suppress(rules.Merge(found...), snapshot.ReadFile) {
		at := fmt.Sprintf("%s:%d", f.Path, f.Line)
		if f.Suppressed == nil && !wants.take(at, f) && f.Rule == id {
			t.Errorf("%s: found %s %q, which nothing wants", at, f.Rule, f.Message)
		}
	}
	for at, rest := range wants {
		for _, w := range rest {
			t.Errorf("%s: want %s %q, found nothing like it", at, w.rule, w.message)
		}
	}
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
		if want.rule == f.Rule && want.message.MatchString(f.Message) {
			w[at] = append(w[at][:i:i], w[at][i+1:]...)
			return true
		}
	}
	return false
}

var (
	wantComment = regexp.MustCompile(`# want(\+\d+)?((?: [a-z-]+ "[^"]*")+)`)
	wantOne     = regexp.MustCompile(`([a-z-]+) "([^"]*)"`)
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
		if rule.Check != nil && len(rule.Practices) == 0 {
			t.Errorf("%s serves no practice", rule.ID)
		}
		for _, id := range rule.Implies {
			if _, ok := rules.ByID(id); !ok {
				t.Errorf("%s implies %s, which is no rule", rule.ID, id)
			}
		}
	}
}
