package github

import "context"

// MaxBody is how long a comment or the body of a pull request may be, in
// characters, with a margin below GitHub's 65,536.
const MaxBody = 60_000

// Sides of a diff, in [ReviewComment].Side.
const (
	Left  = "LEFT"
	Right = "RIGHT"
)

// A ReviewComment is a comment to be made at lines of the diff.
type ReviewComment struct {
	Path      string
	Line      int    // the last line it is about
	StartLine int    // the first, where it is about several; else 0
	Side      string // [Left] or [Right]; "" is Right
	Body      string
}

// A Comment is one that was made, on a line or on the conversation.
type Comment struct {
	ID     int64
	Author string // login; a bot's ends in "[bot]"; "" where the account is gone
	Bot    bool
	Body   string
	URL    string
}

// A Thread is a conversation at a line or a file of the diff.
type Thread struct {
	ID        string // for [Repository.ResolveThread]
	Resolved  bool
	Outdated  bool // its lines are no longer in the diff
	Path      string
	Line      int // 0 for one on the file, or outdated
	StartLine int // 0 where it is about one line
	Side      string
	Comments  []Comment // the first is what it is about; at most 100
}

// Threads lists the review threads of a pull request, in the order they were made.
func (r *Repository) Threads(ctx context.Context, number int) ([]Thread, error) {
	panic("to be written")
}

// CreateReview publishes one review that approves and refuses nothing, with its
// comments. One comment off the diff makes the whole review [ErrRejected], and
// nothing is stored. Returns the review's id.
func (r *Repository) CreateReview(ctx context.Context, number int, commit, body string, comments []ReviewComment) (int64, error) {
	panic("to be written")
}

// CreateComment makes one comment at lines of the diff; off the diff it is [ErrRejected].
func (r *Repository) CreateComment(ctx context.Context, number int, commit string, comment ReviewComment) (Comment, error) {
	panic("to be written")
}

// CreateFileComment makes a comment on a file that the pull request changes.
func (r *Repository) CreateFileComment(ctx context.Context, number int, commit, path, body string) (Comment, error) {
	panic("to be written")
}

// UpdateComment replaces the body of a comment at a line or file.
func (r *Repository) UpdateComment(ctx context.Context, comment int64, body string) error {
	panic("to be written")
}

// ReplyToComment answers in the thread whose first comment is given.
func (r *Repository) ReplyToComment(ctx context.Context, number int, comment int64, body string) (Comment, error) {
	panic("to be written")
}

// ResolveThread marks a thread as resolved. GitHub asks for the right to write
// contents: in [Report] mode it is [ErrForbidden].
func (r *Repository) ResolveThread(ctx context.Context, thread string) error {
	panic("to be written")
}

// UnresolveThread opens a thread again; else as ResolveThread.
func (r *Repository) UnresolveThread(ctx context.Context, thread string) error {
	panic("to be written")
}
