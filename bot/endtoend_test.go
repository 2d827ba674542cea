package bot_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/testdata/demo"
)

// saidOnExample are the comments of the bot on the example's pull request; that
// the worker has no preStop is said beside its requests.
var saidOnExample = strings.Split(strings.TrimSpace(demo.Said), "\n")

// openExample opens the example's pull request.
func openExample(t *testing.T, permissions, settings map[string]string) *play {
	t.Helper()
	s := newStage(t, permissions, settings)
	s.push("shop/web:2.4.1", "shop/web:stable", "shop/api:1.9.0", "shop/worker:1.0.3")
	repo := s.repository("shop", entries(txtar.Parse(demo.Main), ""))
	return s.pull(repo, entries(txtar.Parse(demo.Pull), ""))
}

// One pull request from its opening to its repair, with all that happens twice
// on the way.
func TestEndToEnd(t *testing.T) {
	p := openExample(t, mayFix, nil)
	p.wantSaid(saidOnExample...)
	p.wantCheck("failure")
	fixes := p.fixes()
	if len(fixes) != 1 {
		t.Fatalf("%d pull requests of fixes; want one", len(fixes))
	}
	if base := fixes[0].Base.Ref; base != "change" {
		t.Errorf("the fixes go to %s", base)
	}
	// The order of keys is the build's in one and the file's in the other.
	shown := added(fixes[0].Body)
	for line := range added(string(demo.Built)) {
		if !shown[line] {
			t.Errorf("the fixes' description does not show + %s", line)
		}
	}

	p.wantQuiet("the same state, delivered again,", p.deliverAgain)
	p.wantQuiet("a restart", func() {
		p.restart()
		p.deliverAgain()
	})

	p.commit(files{"base/worker.yaml": text("# It keeps no state.\n" + p.file("base/worker.yaml"))})
	moved := slices.Clone(saidOnExample)
	copy(moved[1:7], []string{
		"base/worker.yaml:18 best-effort",
		"base/worker.yaml:18 missing-readiness",
		"base/worker.yaml:19 image-unpinned",
		"base/worker.yaml:27 secret-literal",
		"base/worker.yaml:31 missing-reference",
		"base/worker.yaml:8 single-replica",
	})
	p.wantSaid(moved...)
	if comments := len(p.state().ReviewComments()); comments != len(saidOnExample) {
		t.Errorf("%d comments after a push that moves lines; want the %d of before", comments, len(saidOnExample))
	}

	p.commit(files{"base/kustomization.yaml": text(strings.Replace(p.file("base/kustomization.yaml"), "newTag: stable", "newTag: 2.4.1", 1))})
	moved[0] = "base/kustomization.yaml resolved"
	p.wantSaid(moved...)
	if n := len(p.fixes()); n != 1 {
		t.Errorf("%d pull requests of fixes; want the one of before", n)
	}
}

// added are the lines that a difference adds, without their indentation.
func added(diff string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(diff) {
		if text, ok := strings.CutPrefix(line, "+"); ok && !strings.HasPrefix(text, "++") && strings.TrimSpace(text) != "---" {
			out[strings.TrimSpace(text)] = true
		}
	}
	return out
}
