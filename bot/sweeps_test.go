package bot_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot"
	"github.com/kustodian/kustodian/bot/githubtest"
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

// TestSweepInSteps offers what would restart production with the others one
// environment after the other: the next when the last is merged.
func TestSweepInSteps(t *testing.T) {
	s := newStage(t, mayFix, nil)
	const base = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n" +
		"    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        image: example.com/web:1\n"
	start := files{
		".kustodian.yaml":         text("version: 1\nfix: {pullRequests: auto, startingResources: {requests: {cpu: 100m, memory: 128Mi}}}\n"),
		"base/kustomization.yaml": text("resources: [web.yaml]\n"),
		"base/web.yaml":           text(base),
	}
	for _, environment := range []string{"dev", "staging", "prod"} {
		start["overlays/"+environment+"/kustomization.yaml"] = text("resources: [../../base]\n")
	}
	repo := s.repository("steps", start)
	key := bot.Key{Installation: s.installation("steps"), Owner: "acme", Repo: "steps", Kind: bot.Sweep}
	for _, step := range []struct{ file, says string }{
		{"overlays/dev/web-patch.yaml", "when it is merged, staging follows, then production"},
		{"overlays/staging/web-patch.yaml", "when it is merged, production follows"},
		{"base/web.yaml", "for overlay overlays/prod only"},
	} {
		s.must(s.bot.Worker.Work(s.Context(), key))
		s.settle()
		open := slices.DeleteFunc((&play{s, repo, 0}).fixes(), func(p *githubtest.PullRequest) bool { return !strings.Contains(p.Title, "best-effort") })
		if len(open) != 1 {
			t.Fatalf("%d pull requests for %s; want one", len(open), step.file)
		}
		if !strings.Contains(open[0].Body, step.says) {
			t.Errorf("the step of %s does not say %q:\n%s", step.file, step.says, open[0].Body)
		}
		diff, err := repo.Diff(open[0].Number)
		s.must(err)
		if !slices.ContainsFunc(diff.Files, func(f githubtest.File) bool { return f.Path == step.file }) {
			t.Errorf("the step does not change %s", step.file)
		}
		s.must(repo.Merge(open[0].Number))
		s.settle()
	}
	s.must(s.bot.Worker.Work(s.Context(), key))
	s.settle()
	for _, open := range (&play{s, repo, 0}).fixes() {
		if strings.Contains(open.Title, "best-effort") {
			t.Errorf("after the last step there is %s", open.Title)
		}
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
