package rules_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// facts is how many complaints of users of other linters have a case of their own.
const facts = 20

// TestFacts runs the cases of testdata/facts: what users of linters of built
// manifests complain of most, by its number, which is not to happen here. A
// case is as those of [TestRules]; its comment names the rules that it is about
// (`rules ID...`), and nothing else may be found of those.
func TestFacts(t *testing.T) {
	for n := 1; n <= facts; n++ {
		files, err := filepath.Glob(fmt.Sprintf("../testdata/facts/%02d-*.txtar", n))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("fact %d has no case", n)
		}
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
				archive, err := txtar.ParseFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var about []string
				for line := range strings.Lines(string(archive.Comment)) {
					if ids, ok := strings.CutPrefix(strings.TrimSpace(line), "rules "); ok {
						about = strings.Fields(ids)
					}
				}
				if len(about) == 0 {
					t.Fatal("the case is about no rule: write rules ID... in its comment")
				}
				runCase(t, archive, about...)
			})
		}
	}
}
