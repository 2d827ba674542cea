package bot_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot"
	"github.com/kustodian/kustodian/testdata/demo"
)

// sweepTwice sweeps a repository twice, and returns how many overlays each
// sweep built.
func sweepTwice(s *stage, installation int64, name string) (first, second int64) {
	s.Helper()
	var builds atomic.Int64
	s.bot.Worker.Built = func(string) { builds.Add(1) }
	key := bot.Key{Installation: installation, Owner: "acme", Repo: name, Kind: bot.Sweep}
	s.must(s.bot.Worker.Work(s.Context(), key))
	s.settle()
	first = builds.Load()
	s.wantQuiet("a sweep of what was swept", func() { s.must(s.bot.Worker.Work(s.Context(), key)) })
	return first, builds.Load() - first
}

// TestSweep sweeps the example: what its default branch has is offered as pull
// requests onto it, and nothing is done again while nothing changes.
func TestSweep(t *testing.T) {
	s := newStage(t, mayFix, nil)
	s.push("shop/web:2.4.1", "shop/api:1.9.0")
	repo := s.repository("shop", entries(txtar.Parse(demo.Main), ""))
	installation := s.installation("shop")
	first, second := sweepTwice(s, installation, "shop")
	if first == 0 || second != 0 {
		t.Errorf("the sweeps built %d and %d overlays, want some and none", first, second)
	}
	if runs := repo.CheckRuns(repo.Head("main")); len(runs) != 1 || runs[0].Conclusion == "failure" {
		t.Errorf("the default branch has the check runs %+v, want one that blocks nothing", runs)
	}
	fixes := (&play{s, repo, 0}).fixes()
	if len(fixes) == 0 || len(fixes) > 2 {
		t.Fatalf("%d pull requests of fixes, want one or two an hour", len(fixes))
	}
	for _, fix := range fixes {
		if fix.Base.Ref != "main" || !strings.HasPrefix(fix.Head.Ref, "kustodian/sweep/") {
			t.Errorf("a fix goes from %s to %s", fix.Head.Ref, fix.Base.Ref)
		}
	}
}

// TestSweepWithoutConfiguration writes a check run and nothing else.
func TestSweepWithoutConfiguration(t *testing.T) {
	s := newStage(t, mayFix, nil)
	s.push("shop/web:2.4.1", "shop/api:1.9.0")
	start := entries(txtar.Parse(demo.Main), "")
	delete(start, ".kustodian.yaml")
	repo := s.repository("plain", start)
	before := len(s.writes())
	first, second := sweepTwice(s, s.installation("plain"), "plain")
	if first == 0 || second != 0 {
		t.Errorf("the sweeps built %d and %d overlays, want some and none", first, second)
	}
	for _, write := range s.writes()[before:] {
		if !strings.Contains(write, "check-runs") {
			t.Errorf("a sweep without configuration writes %s", write)
		}
	}
	if runs := repo.CheckRuns(repo.Head("main")); len(runs) != 1 {
		t.Errorf("there are %d check runs, want one", len(runs))
	}
}

// installation is the one that covers a repository of the stage.
func (s *stage) installation(name string) int64 {
	s.Helper()
	found, err := s.bot.App.InstallationOf(s.Context(), "acme", name)
	s.must(err)
	return found.ID
}

// TestOrganisation lets an account's own repository configure the others.
func TestOrganisation(t *testing.T) {
	s := newStage(t, mayFix, nil)
	s.push("shop/web:2.4.1", "shop/api:1.9.0")
	s.repository(".github", files{".kustodian.yaml": text("version: 1\nrules: {image-unpinned: off}\n")})
	start := entries(txtar.Parse(demo.Main), "")
	delete(start, ".kustodian.yaml")
	repo := s.repository("shop", start)
	if first, _ := sweepTwice(s, s.installation("shop"), "shop"); first == 0 {
		t.Error("nothing was built")
	}
	runs := repo.CheckRuns(repo.Head("main"))
	if len(runs) != 1 || strings.Contains(runs[0].Summary+runs[0].Text, "image-unpinned") {
		t.Errorf("the check runs are %+v, want one without the rule that is off", runs)
	}
}
