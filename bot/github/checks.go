package github

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	gh "github.com/google/go-github/v60/github"
)

// maxText is how long the summary and the text of a check run may be, in
// characters, with a margin below GitHub's 65,535. Longer ones are cut, with a
// line that says so.
const maxText = 60_000

// annotationsAtOnce is how many annotations GitHub takes in one request.
const annotationsAtOnce = 50

// A CheckRun is what the App says about a commit.
type CheckRun struct {
	ID         int64
	Name       string
	HeadSHA    string
	ExternalID string
	// Conclusion is "success", "neutral", "failure" or another of GitHub's; ""
	// is a run still in progress.
	Conclusion           string
	Title, Summary, Text string
	// Annotations are sent fifty to a request. GitHub only ever adds to those
	// it has; reading a run leaves them out.
	Annotations []Annotation
}

// An Annotation is a remark of a check run at lines of a file.
type Annotation struct {
	Path               string
	StartLine, EndLine int
	Level              string // "notice", "warning" or "failure"
	Title, Message     string
}

// CheckRuns lists this App's check runs of one name on a commit, the newest first.
func (r *Repository) CheckRuns(ctx context.Context, sha, name string) ([]CheckRun, error) {
	found, err := pages(func(page gh.ListOptions) ([]*gh.CheckRun, *gh.Response, error) {
		list, answer, err := r.clients[reporting].Checks.ListCheckRunsForRef(ctx, r.owner, r.name, sha, &gh.ListCheckRunsOptions{
			CheckName: &name, AppID: &r.app.id, Filter: new("all"), ListOptions: page,
		})
		if err != nil {
			return nil, answer, err
		}
		return list.CheckRuns, answer, nil
	})
	if err != nil {
		return nil, failed(fmt.Sprintf("listing the check runs of %s at %s", r, sha), err)
	}
	runs := make([]CheckRun, len(found))
	for i, f := range found {
		runs[i] = CheckRun{
			ID: f.GetID(), Name: f.GetName(), HeadSHA: f.GetHeadSHA(), ExternalID: f.GetExternalID(), Conclusion: f.GetConclusion(),
			Title: f.GetOutput().GetTitle(), Summary: f.GetOutput().GetSummary(), Text: f.GetOutput().GetText(),
		}
	}
	slices.SortFunc(runs, func(a, b CheckRun) int { return int(min(max(b.ID-a.ID, -1), 1)) })
	return runs, nil
}

// CreateCheckRun creates a check run and returns its id. The conclusion goes
// with the last of the annotations, so that nobody sees a finished run with
// some missing; where a later request fails, the id is returned with the error.
func (r *Repository) CreateCheckRun(ctx context.Context, run CheckRun) (int64, error) {
	first, rest := run.split()
	state := first.state()
	made, _, err := r.clients[reporting].Checks.CreateCheckRun(ctx, r.owner, r.name, gh.CreateCheckRunOptions{
		Name: first.Name, HeadSHA: first.HeadSHA, ExternalID: text(first.ExternalID),
		Status: &state.status, Conclusion: state.conclusion, CompletedAt: state.completed, Output: first.output(),
	})
	if err != nil {
		return 0, failed(fmt.Sprintf("creating a check run of %s at %s", r, run.HeadSHA), err)
	}
	if rest == nil {
		return made.GetID(), nil
	}
	rest.ID = made.GetID()
	return rest.ID, r.UpdateCheckRun(ctx, *rest)
}

// UpdateCheckRun replaces what the run with this ID says, and adds to its annotations.
func (r *Repository) UpdateCheckRun(ctx context.Context, run CheckRun) error {
	for rest := &run; rest != nil; {
		var first CheckRun
		first, rest = rest.split()
		state := first.state()
		_, _, err := r.clients[reporting].Checks.UpdateCheckRun(ctx, r.owner, r.name, first.ID, gh.UpdateCheckRunOptions{
			Name: first.Name, ExternalID: text(first.ExternalID),
			Status: &state.status, Conclusion: state.conclusion, CompletedAt: state.completed, Output: first.output(),
		})
		if err != nil {
			return failed(fmt.Sprintf("updating check run %d of %s", first.ID, r), err)
		}
	}
	return nil
}

// split returns what fits one request, and the run with what is left of the
// annotations, or nil. A run with some left is not concluded.
func (c CheckRun) split() (CheckRun, *CheckRun) {
	if len(c.Annotations) <= annotationsAtOnce {
		return c, nil
	}
	first, rest := c, c
	first.Annotations, rest.Annotations = c.Annotations[:annotationsAtOnce], c.Annotations[annotationsAtOnce:]
	first.Conclusion = ""
	return first, &rest
}

// A checkState is the status of a run with the fields that must go with it.
type checkState struct {
	status     string
	conclusion *string
	completed  *gh.Timestamp
}

func (c CheckRun) state() checkState {
	if c.Conclusion == "" {
		return checkState{status: "in_progress"}
	}
	return checkState{status: "completed", conclusion: &c.Conclusion, completed: &gh.Timestamp{Time: time.Now().UTC()}}
}

// output is what a run says, nil where it says nothing yet. GitHub wants a
// title and a summary where there is anything.
func (c CheckRun) output() *gh.CheckRunOutput {
	if c.Title == "" && c.Summary == "" && c.Text == "" && len(c.Annotations) == 0 {
		return nil
	}
	output := &gh.CheckRunOutput{Title: new(c.Title), Summary: new(cut(c.Summary)), Text: text(cut(c.Text))}
	for _, a := range c.Annotations {
		output.Annotations = append(output.Annotations, &gh.CheckRunAnnotation{
			Path: &a.Path, StartLine: &a.StartLine, EndLine: new(max(a.StartLine, a.EndLine)),
			AnnotationLevel: &a.Level, Title: text(a.Title), Message: &a.Message,
		})
	}
	return output
}

// cut shortens a text to what GitHub takes.
func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxText {
		return s
	}
	const note = "\n\n… the rest is too long for GitHub."
	return string([]rune(s)[:maxText-utf8.RuneCountInString(note)]) + note
}

// text is a pointer to s, nil where it is empty and the field is to be left out.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
