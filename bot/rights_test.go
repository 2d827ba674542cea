package bot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/githubtest"
)

// An installation that grants no writing of contents gets the review, and is
// told what it does without.
func TestReportOnly(t *testing.T) {
	p := openExample(t, mayReport, nil)
	p.wantSaid(saidOnExample...)
	p.wantCheck("failure")
	if len(p.fixes()) > 0 || !strings.Contains(p.check().Summary, "Kustodian may only report here") {
		t.Errorf("%d pull requests of fixes; the check run says:\n%s", len(p.fixes()), p.check().Summary)
	}
	for _, r := range p.github.Requests() {
		if r.Permissions["contents"] == "write" {
			t.Errorf("%s %s with the right to write contents", r.Method, r.Path)
		}
	}
}

// READ_ONLY lets nothing through that changes anything.
func TestReadOnly(t *testing.T) {
	s := newStage(t, mayFix, map[string]string{"READ_ONLY": "true"})
	s.push("shop/web:1.0.0")
	archive := small(t)
	s.pull(s.repository("shop", entries(archive, "main/")), entries(archive, "pull/"))
	if wrote := s.writes(); len(wrote) > 0 {
		t.Errorf("wrote:\n%s", strings.Join(wrote, "\n"))
	}
	if dead, err := s.bot.Queue.Dead(t.Context()); err != nil || len(dead) > 0 {
		t.Errorf("jobs were given up: %v, %v", dead, err)
	}
}

// In a repository whose fixes come on request, somebody who may write to it
// gets them, and nobody else.
func TestCommand(t *testing.T) {
	s := newStage(t, mayFix, nil)
	s.push("shop/web:1.0.0")
	archive := small(t)
	main := entries(archive, "main/")
	main[".kustodian.yaml"] = text(string(main[".kustodian.yaml"].Content) + "fix: {pullRequests: request}\n")
	repo := s.repository("shop", main)
	p := s.pull(repo, entries(archive, "pull/"))
	repo.SetPermission("mallory", "read")
	repo.SetPermission("ada", "write")
	if len(p.fixes()) > 0 {
		t.Error("a fix pull request stands before anybody asked")
	}

	p.wantAnswer("mallory", "/kustodian fix", "-1")
	p.wantAnswer("ada", "please, /kustodian fix")
	if len(p.fixes()) > 0 {
		t.Error("a fix pull request stands though nobody asked who may")
	}
	p.wantAnswer("ada", "/kustodian fix", "+1", "eyes")
	p.wantOneFix()
	p.wantQuiet("an answered command, after a restart,", func() {
		p.restart()
		p.deliverAgain()
	})
	if runs := repo.CheckRuns(p.state().Head.SHA); len(runs) != 1 || !strings.Contains(runs[0].Summary, "Fixes are in #2") {
		t.Errorf("%d check runs, want one that names the fixes", len(runs))
	}
}

// wantAnswer says something as somebody, and holds which reactions the bot gives.
func (p *play) wantAnswer(author, body string, want ...string) {
	p.Helper()
	id, err := p.repo.Comment(p.number, author, body)
	p.must(err)
	p.settle()
	for _, c := range p.state().Comments {
		if slices.Sort(c.Reactions); c.ID == id && !slices.Equal(c.Reactions, want) {
			p.Errorf("%s by %s gets the reactions %q, want %q", body, author, c.Reactions, want)
		}
	}
}

// A fork's branch is not ours to write to: its fixes are a patch to be taken
// by hand.
func TestFork(t *testing.T) {
	s := newStage(t, mayFix, nil)
	s.push("shop/web:1.0.0")
	archive := small(t)
	repo := s.repository("shop", entries(archive, "main/"))
	fork, err := repo.Fork("mona")
	s.must(err)
	_, err = fork.Write("change", "Change", entries(archive, "pull/"))
	s.must(err)
	number, err := repo.OpenPullRequest(githubtest.NewPullRequest{Head: "change", From: fork, Title: "Change", Author: "mona"})
	s.must(err)
	s.settle()
	p := &play{s, repo, number}
	said, _ := wanted(archive)
	p.wantSaid(said...)
	p.wantCheck("neutral")
	if run := p.check(); run == nil || !strings.Contains(run.Text, "+          requests:\n") {
		t.Errorf("the check run shows no patch: %+v", run)
	}
	for _, r := range []*githubtest.Repository{repo, fork} {
		branches, err := r.Branches()
		s.must(err)
		if slices.ContainsFunc(branches, func(name string) bool { return strings.HasPrefix(name, "kustodian/") }) {
			t.Errorf("%s has the branches %q", r.FullName(), branches)
		}
	}
}
