package publish

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/githubtest"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules"
)

// A world is a simulated GitHub with one repository, its pull request 1 from
// feature to main, and a publisher.
type world struct {
	*testing.T
	server *githubtest.Server
	repo   *githubtest.Repository
	*Publisher
	clock time.Time
	audit []github.AuditLine
}

func newWorld(t *testing.T, permissions map[string]string) *world {
	t.Helper()
	w := &world{T: t, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	server, err := githubtest.Start(githubtest.Options{})
	w.must(err)
	t.Cleanup(func() {
		for _, b := range server.Breaches() {
			t.Errorf("off contract: %s", b)
		}
		w.must(server.Close())
	})
	w.server = server
	w.repo, err = server.AddRepository("acme", "shop", false)
	w.must(err)
	installation := server.AddInstallation("acme", permissions)
	app, err := github.Open(github.Options{AppID: server.App().ID, PrivateKey: server.App().Key, BaseURL: server.URL, WriteInterval: -1, Audit: func(l github.AuditLine) { w.audit = append(w.audit, l) }})
	w.must(err)
	login, err := app.Login(t.Context())
	w.must(err)
	mode := github.Report
	if permissions["contents"] == "write" {
		mode = github.Fix
	}
	w.Publisher = &Publisher{
		Repository: app.Repository(installation, "acme", "shop"), Owner: "acme", Name: "shop",
		Login: login, Key: []byte("key"), Mode: mode, Audit: github.Audit{Requester: "ada"}, Now: func() time.Time { return w.clock },
	}
	w.commit("main", map[string]string{"a.yaml": numbered(1, 40), "b.yaml": numbered(1, 3)})
	w.commit("feature", map[string]string{"a.yaml": numbered(1, 9) + "new: 10\nnew: 11\n" + numbered(12, 40)})
	_, err = w.repo.OpenPullRequest(githubtest.NewPullRequest{Head: "feature", Title: "Change a"})
	w.must(err)
	return w
}

var canFix = map[string]string{"contents": "write", "pull_requests": "write", "checks": "write"}
var canReport = map[string]string{"contents": "read", "pull_requests": "write", "checks": "write"}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// numbered is lines such as "k7: 7".
func numbered(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "k%d: %d\n", i, i)
	}
	return b.String()
}

func (w *world) commit(branch string, files map[string]string) {
	w.Helper()
	entries := map[string]*string{}
	for name, text := range files {
		entries[name] = new(text)
	}
	_, err := w.repo.Commit(branch, "Change", entries)
	w.must(err)
}

func found(fingerprint, path string, line int) review.Finding {
	return review.Finding{ProvedFix: -1, Finding: rules.Finding{
		Rule: "example", Severity: rules.Warning, Message: "finding " + fingerprint, Path: path, Line: line, Column: 1, EndLine: line,
		Overlays: []string{"app"}, Fingerprint: fingerprint,
	}}
}

// report is a report of the feature branch as it is.
func (w *world) report(findings ...review.Finding) *review.Report {
	w.Helper()
	return w.reportOf("feature", findings...)
}

func (w *world) reportOf(branch string, findings ...review.Finding) *review.Report {
	w.Helper()
	r := &review.Report{
		Job:    review.Job{Head: review.TreeRef{Commit: w.repo.Head(branch)}, Base: review.TreeRef{Commit: w.repo.Head("main")}},
		Config: config.Default(), Kustomize: true, Files: map[string][]byte{}, Findings: findings,
		Overlays: []review.OverlayReport{{Path: "app", Objects: 1, Built: true}},
	}
	for _, f := range findings {
		text, err := w.repo.File(r.Job.Head.Commit, f.Path)
		w.must(err)
		r.Files[f.Path] = []byte(text)
	}
	return r
}

// publish publishes, and returns how many requests changed something.
func (w *world) publish(r *review.Report) int {
	w.Helper()
	before := w.writes()
	_, err := w.PullRequest(w.Context(), 1, r, false)
	w.must(err)
	return w.writes() - before
}

func (w *world) writes() int {
	n := 0
	for _, r := range w.server.Requests() {
		query := r.Route == "/graphql" && !slices.Contains([]string{"resolveReviewThread", "unresolveReviewThread", "createCommitOnBranch"}, r.Operation)
		if r.Method != http.MethodGet && r.Operation != "apps/create-installation-access-token" && !query {
			n++
		}
	}
	return n
}

// threads are the threads of pull request 1: "a.yaml:10 open finding one".
func (w *world) threads() []string {
	w.Helper()
	pull, err := w.repo.PullRequest(1)
	w.must(err)
	out := []string{}
	for _, t := range pull.Threads {
		state := "open"
		if t.Resolved {
			state = "resolved"
		}
		first, _, _ := strings.Cut(t.Comments[0].Body, "\n")
		out = append(out, fmt.Sprintf("%s:%d %s %s", t.Path, t.Line, state, first))
	}
	slices.Sort(out)
	return out
}

func (w *world) wantThreads(want ...string) {
	w.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, w.threads(), cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		w.Errorf("threads (-want +got):\n%s", diff)
	}
}

func TestNothingIsSaidTwice(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.report(found("aa", "a.yaml", 10), found("bb", "a.yaml", 30), found("cc", "b.yaml", 2))
	w.publish(r)
	// The diff does not show line 30, and b.yaml not at all.
	w.wantThreads("a.yaml:10 open **finding aa.**", "a.yaml:11 open **finding bb.**")
	if n := w.publish(r); n != 0 {
		t.Errorf("the second delivery made %d changes", n)
	}
	runs := w.repo.CheckRuns(r.Job.Head.Commit)
	if len(runs) != 1 {
		t.Fatalf("%d check runs", len(runs))
	}
	run := runs[0]
	if run.Conclusion != "neutral" || run.ExternalID != "acme/shop#1@"+r.Job.Head.Commit || len(run.Annotations) != 3 {
		t.Errorf("check run %q %q with %d annotations", run.Conclusion, run.ExternalID, len(run.Annotations))
	}
	if !strings.Contains(run.Text, "finding cc") || strings.Contains(run.Text, "finding aa") {
		t.Errorf("the check run's text does not list the finding without a place alone:\n%s", run.Text)
	}
}

func TestAuditNamesFindings(t *testing.T) {
	w := newWorld(t, canFix)
	w.publish(w.report(found("aa", "a.yaml", 10), found("bb", "a.yaml", 11)))
	var got []string
	for _, line := range w.audit {
		got = append(got, line.Requester+" "+strings.Join(line.Fingerprints, ","))
	}
	if want := []string{"ada aa,bb", "ada "}; !slices.Equal(got, want) { // the review, the check run
		t.Errorf("audit lines %q, want %q", got, want)
	}
}

func TestNothingToSay(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.report()
	w.publish(r)
	w.wantThreads()
	if runs := w.repo.CheckRuns(r.Job.Head.Commit); len(runs) != 1 || runs[0].Conclusion != "success" {
		t.Errorf("check runs: %v", runs)
	}
	r.Kustomize = false
	if n := w.publish(r); n != 0 {
		t.Errorf("%d changes on a pull request without a kustomization", n)
	}
}

func TestLostAnswers(t *testing.T) {
	for _, route := range []string{"pulls/create-review", "pulls/create-review-comment", "checks/create"} {
		t.Run(route, func(t *testing.T) {
			w := newWorld(t, canFix)
			w.commit("feature", map[string]string{"b.yaml": numbered(1, 3) + strings.Repeat("x\n", 40_000)})
			r := w.report(found("aa", "a.yaml", 10), found("bb", "b.yaml", 1))
			w.server.Fault(route, githubtest.Fault{Times: 1, LoseAnswer: true})
			if _, err := w.PullRequest(t.Context(), 1, r, false); err == nil {
				t.Fatal("no error, though the answer was lost")
			}
			w.publish(r)
			if got := w.threads(); len(got) != 2 {
				t.Errorf("threads: %q", got)
			}
			if runs := w.repo.CheckRuns(r.Job.Head.Commit); len(runs) != 1 {
				t.Errorf("%d check runs", len(runs))
			}
			if n := w.publish(r); n != 0 {
				t.Errorf("%d changes when all is said", n)
			}
		})
	}
}

func TestPushesMoveFixAndBringBack(t *testing.T) {
	w := newWorld(t, canFix)
	w.publish(w.report(found("aa", "a.yaml", 10), found("bb", "a.yaml", 11)))

	w.commit("feature", map[string]string{"a.yaml": "top: 0\n" + numbered(1, 9) + "new: 10\nnew: 11\n" + numbered(12, 40)})
	w.publish(w.report(found("aa", "a.yaml", 11), found("bb", "a.yaml", 12)))
	w.wantThreads("a.yaml:11 open **finding aa.**", "a.yaml:12 open **finding bb.**")

	r := w.report(found("aa", "a.yaml", 11))
	w.publish(r)
	gone := "a.yaml:12 resolved Fixed in " + r.Job.Head.Commit + "."
	w.wantThreads("a.yaml:11 open **finding aa.**", gone)
	if n := w.publish(r); n != 0 {
		t.Errorf("%d changes when all is said", n)
	}

	w.publish(w.report(found("aa", "a.yaml", 11), found("bb", "a.yaml", 12)))
	w.wantThreads("a.yaml:11 open **finding aa.**", "a.yaml:12 open **finding bb.**")
}

// A thread that a person resolved stays resolved: that was a no.
func TestThreadsThatAPersonResolved(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.report(found("aa", "a.yaml", 10))
	w.publish(r)
	threads, err := w.Repository.Threads(t.Context(), 1)
	w.must(err)
	w.must(w.Repository.ResolveThread(t.Context(), threads[0].ID))
	if n := w.publish(r); n != 0 {
		t.Errorf("%d changes", n)
	}
	for _, r := range []*review.Report{w.report(), r} {
		w.publish(r)
		w.wantThreads("a.yaml:10 resolved **finding aa.**")
		if run := w.repo.CheckRuns(r.Job.Head.Commit); len(run[len(run)-1].Annotations) != len(r.Findings) {
			t.Errorf("the newest check run shows %d findings, want %d", len(run[len(run)-1].Annotations), len(r.Findings))
		}
	}
}

// Only what the App itself wrote counts, whatever marker others copy.
func TestMarkersOfOthers(t *testing.T) {
	p := Publisher{Login: "kustodian[bot]", Key: []byte("key")}
	thread := func(author, body string) github.Thread {
		return github.Thread{ID: author, Comments: []github.Comment{{Author: author, Body: body}}}
	}
	marker := p.key().marker("aa")
	said := p.said([]github.Thread{
		thread("mona", "copied\n"+marker),
		thread("kustodian[bot]", "forged\n"+key("other").marker("bb")),
		thread("kustodian[bot]", "of a pull request\n"+p.key().marker(fixesPrefix+"cc,1")),
		{ID: "empty"},
	})
	if len(said) != 0 {
		t.Errorf("taken for ours: %v", said)
	}
	if said := p.said([]github.Thread{thread("kustodian[bot]", marker)}); said["aa"].ID == "" || said["aa"].gone {
		t.Errorf("ours is %+v", said)
	}
}

func TestBrokenOverlaysFixNothing(t *testing.T) {
	w := newWorld(t, canFix)
	w.publish(w.report(found("aa", "a.yaml", 10)))
	r := w.report()
	r.Overlays[0].Built, r.Overlays[0].Hides = false, true
	w.publish(r)
	w.wantThreads("a.yaml:10 open **finding aa.**")
}

func TestReportModeLeavesThreads(t *testing.T) {
	w := newWorld(t, canReport)
	w.publish(w.report(found("aa", "a.yaml", 10)))
	r := w.report()
	w.publish(r)
	w.wantThreads("a.yaml:10 open Fixed in " + r.Job.Head.Commit + ". Resolving this thread is left to you: Kustodian has no right to write contents here.")
	if n := w.publish(r); n != 0 {
		t.Errorf("%d changes when all is said", n)
	}
	if runs := w.repo.CheckRuns(r.Job.Head.Commit); !strings.Contains(runs[len(runs)-1].Summary, "may only report here") {
		t.Errorf("the check run does not say that it may only report:\n%s", runs[len(runs)-1].Summary)
	}
}

func TestAtMost25Comments(t *testing.T) {
	w := newWorld(t, canFix)
	var all []review.Finding
	for i := range 30 {
		all = append(all, found(fmt.Sprintf("f%02d", i), "a.yaml", 10))
	}
	all[29].Severity = rules.Error
	r := w.report(all...)
	r.Config.PullRequests.Mode = config.Automatic
	fixOf(r, all[28], "fixed: 10\n") // a suggestion, if there were room for it
	w.publish(r)
	w.wantFile(fixBranch, "a.yaml", numbered(1, 9)+"fixed: 10\nnew: 11\n"+numbered(12, 40))
	threads := w.threads()
	if len(threads) != maxComments || !slices.Contains(threads, "a.yaml:10 open **finding f29.**") {
		t.Errorf("%d threads: %q", len(threads), threads)
	}
	if n := w.publish(r); n != 0 {
		t.Errorf("the second delivery made %d changes", n)
	}
}

// A review that GitHub refuses is tried in halves: what it takes is not lost.
func TestRefusedReviews(t *testing.T) {
	w := newWorld(t, canFix)
	w.server.Fault("pulls/create-review", githubtest.Fault{Times: 2, Status: http.StatusUnprocessableEntity})
	w.publish(w.report(found("aa", "a.yaml", 10), found("bb", "a.yaml", 11), found("cc", "a.yaml", 12)))
	w.wantThreads("a.yaml:0 open **finding aa.**", "a.yaml:11 open **finding bb.**", "a.yaml:12 open **finding cc.**")
}

func TestHeadThatMoved(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.report(found("aa", "a.yaml", 10))
	w.commit("feature", map[string]string{"c.yaml": "c: 1\n"})
	before := w.writes()
	_, err := w.PullRequest(t.Context(), 1, r, false)
	var moved *MovedError
	if !errors.As(err, &moved) || moved.Live != w.repo.Head("feature") {
		t.Errorf("error %v, want a MovedError", err)
	}
	if n := w.writes() - before; n != 0 {
		t.Errorf("%d changes", n)
	}
}

// fixOf is a fix that puts text in place of a line of a file.
func fixOf(r *review.Report, f review.Finding, text string) {
	lines := strings.SplitAfter(string(r.Files[f.Path]), "\n")
	start := len(strings.Join(lines[:f.Line-1], ""))
	end := start + len(lines[f.Line-1])
	after := strings.Join(lines[:f.Line-1], "") + text + strings.Join(lines[f.Line:], "")
	r.Fixes = append(r.Fixes, review.ProvedFix{
		Fix: fixes.Fix{
			Title: "Change " + f.Fingerprint, Rule: f.Rule, Fingerprints: []string{f.Fingerprint},
			Files: []fixes.FileChange{{Path: f.Path, Splices: []yamledit.Splice{{Start: start, End: end, New: text}}}},
		},
		Proof:  fixes.Proof{Overlays: []fixes.OverlayProof{{Overlay: "app", Diff: "-old\n+" + text}}},
		Before: map[string][]byte{f.Path: r.Files[f.Path]}, After: map[string][]byte{f.Path: []byte(after)},
	})
	for i := range r.Findings {
		if r.Findings[i].Fingerprint == f.Fingerprint {
			r.Findings[i].ProvedFix, r.Findings[i].Fix = len(r.Fixes)-1, &review.Fix{Title: "Change " + f.Fingerprint}
		}
	}
}
