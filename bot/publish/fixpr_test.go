package publish

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/githubtest"
	"github.com/kustodian/kustodian/bot/review"
)

// fixable is a report with a fix in b.yaml, which no suggestion can express.
func (w *world) fixable(text string) *review.Report {
	w.Helper()
	f := found("aa", "b.yaml", 2)
	r := w.report(f)
	r.Config.Exists, r.Config.PullRequests.Mode = true, config.Automatic
	fixOf(r, f, text)
	return r
}

// offers are the pull requests of fixes: "open kustodian/fix-pr-1 → feature".
func (w *world) offers() []string {
	out := []string{}
	for _, p := range w.repo.PullRequests() {
		if strings.HasPrefix(p.Head.Ref, "kustodian/") {
			out = append(out, fmt.Sprintf("%s %s → %s", p.State, p.Head.Ref, p.Base.Ref))
		}
	}
	return out
}

func (w *world) wantOffers(want ...string) {
	w.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.offers()); diff != "" {
		w.Errorf("pull requests of fixes (-want +got):\n%s", diff)
	}
}

func (w *world) wantFile(branch, path, want string) {
	w.Helper()
	got, err := w.repo.File(branch, path)
	if err != nil || got != want {
		w.Errorf("%s of %s is %q (%v), want %q", path, branch, got, err, want)
	}
}

const fixBranch = "kustodian/fix-pr-1"

func TestFixPullRequest(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.fixable("fixed: 2\n")
	w.publish(r)
	w.wantOffers("open " + fixBranch + " → feature")
	w.wantFile(fixBranch, "b.yaml", "k1: 1\nfixed: 2\nk3: 3\n")
	pull, err := w.repo.PullRequest(2)
	w.must(err)
	for _, want := range []string{"### Change aa", "finding aa", "What changes in the build of <code>app</code>", "+fixed: 2"} {
		if !strings.Contains(pull.Body, want) {
			t.Errorf("the body does not say %q:\n%s", want, pull.Body)
		}
	}
	if n := w.publish(r); n != 0 {
		t.Errorf("the same fixes again made %d changes", n)
	}

	// Another fix goes on top of ours.
	head := w.repo.Head(fixBranch)
	w.publish(w.fixable("better: 2\n"))
	w.wantFile(fixBranch, "b.yaml", "k1: 1\nbetter: 2\nk3: 3\n")
	if parents, err := w.repo.Commits(head + ".." + fixBranch); err != nil || len(parents) != 1 {
		t.Errorf("%d commits on top of ours (%v)", len(parents), err)
	}

	// Nothing left to fix: it is closed, and that is no one's no.
	w.publish(w.report())
	w.wantOffers("closed " + fixBranch + " → feature")
	w.publish(r)
	w.wantOffers("closed "+fixBranch+" → feature", "open "+fixBranch+" → feature")
}

func TestFixPullRequestOfAPerson(t *testing.T) {
	w := newWorld(t, canFix)
	w.publish(w.fixable("fixed: 2\n"))
	w.commit(fixBranch, map[string]string{"b.yaml": "mine: 1\n"})
	head := w.repo.Head(fixBranch)
	w.publish(w.fixable("better: 2\n"))
	w.publish(w.report())
	if got := w.repo.Head(fixBranch); got != head {
		t.Errorf("the branch with a person's commit moved to %s", got)
	}
	w.wantOffers("open " + fixBranch + " → feature")
}

func TestFixPullRequestTurnedDown(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.fixable("fixed: 2\n")
	w.publish(r)
	w.must(w.repo.Change(2, githubtest.PullRequestChange{State: "closed"}))
	w.publish(r)
	w.wantOffers("closed " + fixBranch + " → feature")
	_, err := w.PullRequest(t.Context(), 1, r, true)
	w.must(err)
	w.wantOffers("closed "+fixBranch+" → feature", "open "+fixBranch+" → feature")
}

func TestFixPullRequestOnRequest(t *testing.T) {
	w := newWorld(t, canFix)
	r := w.fixable("fixed: 2\n")
	r.Config = config.Default()
	w.publish(r)
	w.wantOffers()
	_, err := w.PullRequest(t.Context(), 1, r, true)
	w.must(err)
	w.wantOffers("open " + fixBranch + " → feature")
}

func TestLostAnswersOfFixes(t *testing.T) {
	for route, after := range map[string]int{"git/create-ref": 0, "pulls/create": 0, "graphql": 1} { // the threads come first
		t.Run(route, func(t *testing.T) {
			w := newWorld(t, canFix)
			r := w.fixable("fixed: 2\n")
			w.server.Fault(route, githubtest.Fault{Times: 1, After: after, LoseAnswer: true})
			if _, err := w.PullRequest(t.Context(), 1, r, false); err == nil {
				t.Fatal("no error, though the answer was lost")
			}
			w.publish(r)
			w.wantOffers("open " + fixBranch + " → feature")
			commits, err := w.repo.Commits("feature.." + fixBranch)
			if err != nil || len(commits) != 1 {
				t.Errorf("%d commits (%v)", len(commits), err)
			}
			if n := w.publish(r); n != 0 {
				t.Errorf("%d changes when all is done", n)
			}
		})
	}
}

func TestForksGetAPatch(t *testing.T) {
	w := newWorld(t, canFix)
	fork, err := w.repo.Fork("mona")
	w.must(err)
	_, err = fork.Commit("topic", "Change", map[string]*string{"a.yaml": new("new: 1\n" + numbered(2, 40))})
	w.must(err)
	number, err := w.repo.OpenPullRequest(githubtest.NewPullRequest{Head: "topic", From: fork, Title: "Change"})
	w.must(err)
	r := w.fixable("fixed: 2\n")
	r.Job.Head.Commit = fork.Head("topic")
	_, err = w.PullRequest(t.Context(), number, r, true)
	w.must(err)
	w.wantOffers()
	runs := w.repo.CheckRuns(r.Job.Head.Commit)
	if len(runs) != 1 || !strings.Contains(runs[0].Text, "diff --git a/b.yaml b/b.yaml") {
		t.Errorf("no patch in the check run: %+v", runs)
	}
}

func TestSweep(t *testing.T) {
	w := newWorld(t, canFix)
	files := map[string]string{"CODEOWNERS": "/one/ @acme/one\n/two/ @acme/two\n"}
	for _, folder := range []string{"one", "two", "three", "four", "five", "six"} {
		files[folder+"/x.yaml"] = numbered(1, 3)
	}
	w.commit("main", files)
	report := func() *review.Report {
		var all []review.Finding
		for path := range files {
			if path != "CODEOWNERS" {
				all = append(all, found(strings.ReplaceAll(path, "/x.yaml", ""), path, 2))
			}
		}
		slices.SortFunc(all, func(a, b review.Finding) int { return strings.Compare(a.Path, b.Path) })
		r := w.reportOf("main", all...)
		r.Job.Base = review.TreeRef{}
		r.Config.Exists, r.Config.PullRequests.Mode = true, config.Automatic
		for _, f := range all {
			fixOf(r, f, "fixed: 2\n")
		}
		return r
	}
	sweep := func(r *review.Report) int {
		before := w.writes()
		_, err := w.Sweep(t.Context(), r)
		w.must(err)
		return w.writes() - before
	}
	for hour, want := range []int{2, 4, 5, 5} {
		sweep(report())
		if got := len(w.offers()); got != want {
			t.Errorf("%d pull requests after %d hours, want %d", got, hour, want)
		}
		if n := sweep(report()); n != 0 {
			t.Errorf("the same sweep again made %d changes", n)
		}
		w.clock = w.clock.Add(time.Hour)
	}
	if runs := w.repo.CheckRuns(w.repo.Head("main")); len(runs) != 1 || runs[0].Conclusion != "neutral" {
		t.Errorf("check runs of the default branch: %+v", runs)
	}
}

func TestSweepWithoutConfiguration(t *testing.T) {
	w := newWorld(t, canFix)
	f := found("aa", "b.yaml", 2)
	r := w.reportOf("main", f)
	fixOf(r, f, "fixed: 2\n")
	_, err := w.Sweep(t.Context(), r)
	w.must(err)
	w.wantOffers()
}
