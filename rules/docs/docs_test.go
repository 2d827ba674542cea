package docs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/docs"
)

var update = flag.Bool("update", false, "write the pages from the rules and their cases")

// TestPages holds the pages that people read to the rules and cases that they
// are made of.
func TestPages(t *testing.T) {
	want := pages(t)
	written, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range written {
		if _, ok := want[file]; ok || file == "own.md" {
			continue
		}
		if !*update {
			t.Errorf("%s is of no rule; run go generate ./rules", file)
		} else if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
	for file, text := range want {
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Error(err)
			}
			continue
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v; run go generate ./rules", err)
			continue
		}
		if diff := cmp.Diff(string(have), text); diff != "" {
			t.Errorf("%s is not what the rule says; run go generate ./rules\n%s", file, diff)
		}
	}
}

// pages are all pages by their file: one for each rule, and the index.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	var index strings.Builder
	index.WriteString("# The rules\n\nWritten by `go generate ./rules` from the rules and their cases, as all pages here.\n\n| rule | by default | what is wrong |\n|---|---|---|\n")
	for rule := range rules.All() {
		page, err := docs.Page(rule, fixes.RecipeTitle(rule.ID))
		if err != nil {
			t.Fatal(err)
		}
		apart := strings.Contains(page, "\n## As it should be\n")
		together := strings.Contains(page, "\n## At fault, and as it should be\n") && strings.Contains(page, "\n## Exceptions\n")
		if rule.Looks() && !apart && !together {
			t.Errorf("the cases of %s give no example at fault and one as it should be; "+
				"write the line `# the good example` into the document that is", rule.ID)
		}
		out[rule.ID+".md"] = page
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s |\n", rule.ID, rule.ID, rule.Severity, rule.Title)
	}
	index.WriteString("\nA repository's own rules: [own.md](own.md).\n")
	fmt.Fprintf(&index, "\n## The practices that they serve\n\n%s", docs.Practices())
	out["README.md"] = index.String()
	return out
}

// TestPractices finds the practices that no rule serves and nobody says why,
// and the numbers that are no practice.
func TestPractices(t *testing.T) {
	practices := rules.Practices()
	served := map[int]bool{}
	for rule := range rules.All() {
		for _, n := range rule.Practices {
			if served[n] = true; n < 1 || n > len(practices) {
				t.Errorf("%s serves practice %d, which there is not", rule.ID, n)
			}
		}
	}
	for _, p := range practices {
		if served[p.Number] != (p.Without == "") {
			t.Errorf("practice %d (%s): served by a rule is %t, and why none does is %q", p.Number, p.Title, served[p.Number], p.Without)
		}
	}
}
