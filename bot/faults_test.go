package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/githubtest"
)

// small reads the case of one suggestion and one pull request of fixes.
func small(t *testing.T) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile("../testdata/review/small.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// TestGitHubFails lets one request fail, or its answer get lost: in the end all
// is said, once.
func TestGitHubFails(t *testing.T) {
	lost := githubtest.Fault{Times: 1, LoseAnswer: true}
	for _, c := range []struct {
		name, route string
		fault       githubtest.Fault
	}{
		{"the review's answer is lost", "pulls/create-review", lost},
		{"the check run's answer is lost", "checks/create", lost},
		{"the branch's answer is lost", "git/create-ref", lost},
		{"the commit's answer is lost", "graphql", githubtest.Fault{Times: 1, After: 1, LoseAnswer: true}},
		{"the pull request's answer is lost", "pulls/create", lost},
		{"half an answer to the review", "pulls/create-review", githubtest.Fault{Times: 1, HalfBody: true}},
		{"a bad gateway", "pulls/list-files", githubtest.Fault{Times: 2, Status: http.StatusBadGateway}},
		{"an error before the review", "pulls/create-review", githubtest.Fault{Times: 2, Status: http.StatusInternalServerError}},
		{"a timeout of GraphQL", "graphql", githubtest.Fault{Times: 1, Status: http.StatusGatewayTimeout}},
		{"git is away", "git", githubtest.Fault{Times: 1, Status: http.StatusServiceUnavailable}},
		{"too much at once, as 403", "pulls/create-review", times(1, githubtest.SecondaryLimit(http.StatusForbidden, time.Second))},
		{"too much at once, as 429", "checks/create", times(1, githubtest.SecondaryLimit(http.StatusTooManyRequests, time.Second))},
		{"a token that is not known yet, as 401", "pulls/get", githubtest.LateToken(http.StatusUnauthorized, 1)},
		{"a token that is not known yet, as 403", "pulls/get", githubtest.LateToken(http.StatusForbidden, 1)},
		{"a token that is not known yet, as 404", "pulls/get", githubtest.LateToken(http.StatusNotFound, 1)},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			archive := small(t)
			s := newStage(t, mayFix, nil)
			s.push("shop/web:1.0.0")
			repo := s.repository("shop", entries(archive, "main/"))
			s.github.Fault(c.route, c.fault)
			p := s.pull(repo, entries(archive, "pull/"))
			said, _ := wanted(archive)
			p.wantSaid(said...)
			p.wantCheck("neutral")
			if runs := repo.CheckRuns(p.state().Head.SHA); len(runs) != 1 {
				t.Errorf("%d check runs; want one", len(runs))
			}
			p.wantOneFix()
			if len(p.state().Reviews) != 1 {
				t.Errorf("%d reviews; want one", len(p.state().Reviews))
			}
		})
	}
}

func times(n int, f githubtest.Fault) githubtest.Fault {
	f.Times = n
	return f
}

// wantOneFix holds that there is one pull request of fixes, of one commit.
func (p *play) wantOneFix() {
	p.Helper()
	fixes := p.fixes()
	if len(fixes) != 1 || len(p.repo.PullRequests()) != 2 {
		p.Errorf("%d of %d pull requests are fixes; want one of two", len(fixes), len(p.repo.PullRequests()))
		return
	}
	commits, err := p.repo.Commits("change.." + fixes[0].Head.Ref)
	p.must(err)
	if len(commits) != 1 {
		p.Errorf("%s has %d commits; want one", fixes[0].Head.Ref, len(commits))
	}
}

// TestRegistryFails lets the registry fail: the digest is not to be had, and
// the finding says why; the rest of the work goes on.
func TestRegistryFails(t *testing.T) {
	for _, c := range []struct {
		status int // 0 never answers
		want   string
	}{
		{http.StatusUnauthorized, "does not let Kustodian read registry.example.com/shop/web:1.0.0 (401)"},
		{http.StatusNotFound, "has no registry.example.com/shop/web:1.0.0 (404)"},
		{http.StatusTooManyRequests, "limits how often it is asked"},
		{http.StatusInternalServerError, "answered 500 for registry.example.com/shop/web:1.0.0"},
		{0, "did not answer within"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			t.Parallel()
			archive := small(t)
			s := newStage(t, mayFix, nil)
			broken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.status == 0 {
					<-r.Context().Done()
					return
				}
				w.WriteHeader(c.status)
			})
			s.broken.Store(&broken)
			p := s.pull(s.repository("shop", entries(archive, "main/")), entries(archive, "pull/"))
			said, texts := wanted(archive)
			for at := range texts {
				if strings.HasSuffix(at, " image-unpinned") {
					texts[at] = c.want
				}
			}
			p.wantSaid(said...)
			p.wantTexts(texts)
			p.wantCheck("neutral")
			p.wantOneFix()
		})
	}
}
