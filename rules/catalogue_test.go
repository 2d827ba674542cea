package rules_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/rules"
	cases "github.com/kustodian/kustodian/testdata/rules"
)

//go:generate go test . -run TestCatalogue$ -update

var update = flag.Bool("update", false, "write CATALOGUE.md from the rules")

// TestCatalogue holds the page that people read to the rules that it is made of.
func TestCatalogue(t *testing.T) {
	want := catalogue(t)
	if *update {
		if err := os.WriteFile("CATALOGUE.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile("CATALOGUE.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), want); diff != "" {
		t.Errorf("CATALOGUE.md is not what the rules say; run go generate ./rules\n%s", diff)
	}
}

// catalogue is the page: a section for each rule, whose heading is its id, so
// that a comment can link to it.
func catalogue(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# The rules\n\nWritten by `go generate ./rules` from the rules and their cases.\n")
	for rule := range rules.All() {
		fmt.Fprintf(&b, "\n## %s\n\n**%s** (%s by default). %s\n\nWrite instead: %s.\n", rule.ID, upper(rule.Title), rule.Severity, rule.Why, rule.Write)
		if example := example(t, rule.ID); example != "" {
			fmt.Fprintf(&b, "\n<details><summary>Example: what is found stands behind the lines at fault, the others stay silent</summary>\n\n```yaml\n%s```\n\n</details>\n", example)
		}
		fmt.Fprintf(&b, "\nTo turn it off, in `.kustodian.yaml`:\n\n```yaml\nrules:\n  %s: off\n```\n", rule.ID)
		if rule.Looks() {
			fmt.Fprintf(&b, "\nTo silence one line: `# kustodian:ignore %s the reason`\n", rule.ID)
		}
	}
	return b.String()
}

// example is the first case of a rule as text, "" for a rule that no build shows.
func example(t *testing.T, id string) string {
	t.Helper()
	names, err := fs.Glob(cases.FS, path.Join(id, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		return ""
	}
	src, err := fs.ReadFile(cases.FS, names[0])
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, file := range txtar.Parse(src).Files {
		if strings.HasPrefix(file.Name, "want/") {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# %s\n%s\n", file.Name, strings.TrimRight(string(file.Data), "\n"))
	}
	return b.String()
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
