package review_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
)

// TestFixLeavesAutomation leaves the tag that a pipeline writes, as git's own
// history tells, of a work tree as of a commit.
func TestFixLeavesAutomation(t *testing.T) {
	tree := shop(t)
	git(t, tree.Folder, "init", "-q")
	git(t, tree.Folder, "add", "-A")
	git(t, tree.Folder, "commit", "-q", "-m", "Begin")
	const dev, prod = "overlays/dev/kustomization.yaml", "overlays/prod/kustomization.yaml"
	raise := func(file, from, to string) {
		t.Helper()
		path := filepath.Join(tree.Folder, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, tree.Folder, "commit", "-q", "-a", "-m", "Deploy "+to, "--author", "shop-ci <ci@example.com>")
	}
	for _, step := range [][2]string{{"1.2.3", "1.2.4"}, {"1.2.4", "1.2.5"}, {"1.2.5", "1.2.6"}} {
		raise(dev, step[0], step[1])
	}
	raise(prod, "1.2.2", "1.2.3")

	reviewer := review.Reviewer{Ask: func(context.Context, fixes.Question) fixes.Answer { return fixes.Answer{Digest: digest} }}
	for _, head := range []review.TreeRef{tree, {Repository: filepath.Join(tree.Folder, ".git"), Commit: git(t, tree.Folder, "rev-parse", "HEAD")}} {
		report, err := reviewer.Run(t.Context(), review.Job{Head: head, Config: head, Fix: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Findings) != 2 {
			t.Fatalf("%d findings; want one for each entry", len(report.Findings))
		}
		for _, f := range report.Findings {
			switch f.Path {
			case dev:
				if f.NoFixReason != fixes.ReasonAutomation || !strings.Contains(f.NoFix, "shop-ci") {
					t.Errorf("%s: %s: fix %v, %s %q; want that shop-ci writes it", head, dev, f.Fix, f.NoFixReason, f.NoFix)
				}
			case prod:
				if f.Fix == nil {
					t.Errorf("%s: %s has no fix: %s", head, prod, f.NoFix)
				}
			}
		}
	}
}
