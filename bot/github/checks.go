package github

import "context"

// MaxText is how long the summary and the text of a check run may be, in
// characters, with a margin below GitHub's 65,535. Longer ones are cut, with a
// line that says so.
const MaxText = 60_000

// A CheckRun is what the App says about a commit.
type CheckRun struct {
	ID         int64
	Name       string
	HeadSHA    string
	ExternalID string
	DetailsURL string
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
	panic("to be written")
}

// CreateCheckRun creates a check run and returns its id. A conclusion is set
// with the last of the annotations, so that nobody sees a finished run with some missing.
func (r *Repository) CreateCheckRun(ctx context.Context, run CheckRun) (int64, error) {
	panic("to be written")
}

// UpdateCheckRun replaces what the run with this ID says, and adds to its annotations.
func (r *Repository) UpdateCheckRun(ctx context.Context, run CheckRun) error {
	panic("to be written")
}
