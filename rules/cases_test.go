package rules_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/rules"
	cases "github.com/kustodian/kustodian/testdata/rules"
)

// Half of what a case holds is right: a rule is known by what it says and by
// what it leaves alone.
const (
	leastFaults = 2
	leastSilent = 3
)

// silentComment is a comment with a reason of at least two words.
var silentComment = regexp.MustCompile(`(?:^|\s)#\s+\S+\s+\S`)

// TestCasesShowBoth wants a case of every rule with enough lines at fault, and
// enough that stay silent with the reason beside or above them.
func TestCasesShowBoth(t *testing.T) {
	for rule := range rules.All() {
		if !rule.Looks() {
			continue
		}
		files, err := fs.Glob(cases.FS, path.Join(rule.ID, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		faults, silent := 0, 0
		for _, file := range files {
			src, err := fs.ReadFile(cases.FS, file)
			if err != nil {
				t.Fatal(err)
			}
			f, s := shown(rule.ID, txtar.Parse(src))
			if min(f, leastFaults)+min(s, leastSilent) > min(faults, leastFaults)+min(silent, leastSilent) {
				faults, silent = f, s
			}
		}
		if faults < leastFaults || silent < leastSilent {
			t.Errorf("the best case of %s has %d lines at fault and %d silent ones with a reason; want %d and %d", rule.ID, faults, silent, leastFaults, leastSilent)
		}
	}
}

// shown counts the findings of a rule that a case wants, and its silent lines
// with a reason.
func shown(id string, archive *txtar.Archive) (faults, silent int) {
	for _, file := range archive.Files {
		if strings.HasPrefix(file.Name, "was/") || strings.HasPrefix(file.Name, "want/") {
			continue
		}
		for line := range strings.Lines(string(file.Data)) {
			comment := wantComment.FindStringSubmatch(line)
			if comment == nil {
				if silentComment.MatchString(line) {
					silent++
				}
				continue
			}
			for _, m := range wantOne.FindAllStringSubmatch(comment[2], -1) {
				if m[1] == id {
					faults++
				}
			}
		}
	}
	return faults, silent
}
