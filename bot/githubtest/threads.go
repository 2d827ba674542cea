package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Thread is a conversation at one place of a pull request's diff, or at a file of it.
type Thread struct {
	ID   int64
	Path string
	// SubjectType is line or file; a thread at a file has neither line nor side.
	SubjectType string
	// Line is where it ends in the newest diff, StartLine where it begins when it is more than one line, each counted on
	// its side (LEFT is the merge base, RIGHT the head). They are 0 when a later push took the line away.
	Line, StartLine                 int
	Side, StartSide                 string
	OriginalLine, OriginalStartLine int
	// CommitID is the commit it was said about; Position and DiffHunk are of its diff.
	CommitID string
	Position int
	DiffHunk string
	// Outdated tells that a later push took the line away.
	Outdated   bool
	Resolved   bool
	ResolvedBy string
	Comments   []*Comment
}

// Comment is one thing that was said: in a thread, or on the pull request as a whole.
type Comment struct {
	ID int64
	// ReviewID is the review that a thread's comment belongs to; 0 on the pull request as a whole.
	ReviewID  int64
	Author    User
	Body      string
	CreatedAt time.Time
	UpdatedAt time.Time
	// Minimized is why it is hidden, as in OUTDATED; empty when it is shown.
	Minimized string
	Reactions []string
}

// maxBody is how long a comment may be, in characters.
const maxBody = 65536

func tooLong(resource, body string) error {
	if len([]rune(body)) <= maxBody {
		return nil
	}
	return invalid(resource, "data", "unprocessable", fmt.Sprintf("Body is too long (maximum is %d characters)", maxBody))
}

// place is where somebody asks for a comment.
type place struct {
	Path        string `json:"path"`
	Body        string `json:"body"`
	Position    int    `json:"position"`
	Line        int    `json:"line"`
	Side        string `json:"side"`
	StartLine   int    `json:"start_line"`
	StartSide   string `json:"start_side"`
	SubjectType string `json:"subject_type"`
}

// fault is what is wrong with a place, as a field of a thread and in words.
type fault struct{ field, message string }

// thread makes the thread for a place in the diff of commit, or says what is wrong with it. Only lines that the diff
// shows take comments: added and context lines on the right, deleted and context lines on the left.
func (p *PullRequest) thread(at place, commit string) (*Thread, []fault, error) {
	d, err := p.repo.compare(p.Base.SHA, commit)
	if err != nil {
		return nil, nil, err
	}
	f := d.File(at.Path)
	if f == nil {
		// The wording of this answer is from memory.
		return nil, []fault{{"path", "could not be resolved"}}, nil
	}
	t := &Thread{Path: at.Path, SubjectType: "line", CommitID: commit, Side: cmp.Or(at.Side, "RIGHT")}
	if at.SubjectType == "file" {
		t.SubjectType, t.Side = "file", ""
		return t, nil, nil
	}
	if at.Line == 0 && at.Position > 0 {
		at.Line, t.Side = f.at(at.Position)
	}
	if t.Side != "LEFT" && t.Side != "RIGHT" {
		return nil, []fault{{"side", "is not included in the list"}}, nil
	}
	hunk, index, position, ok := f.locate(t.Side, at.Line)
	if !ok {
		return nil, []fault{{"line", "must be part of the diff"}, {"diff_hunk", "can't be blank"}}, nil
	}
	t.Line, t.OriginalLine, t.Position, t.DiffHunk = at.Line, at.Line, position, f.excerpt(hunk, index)
	if at.StartLine == 0 {
		return t, nil, nil
	}
	t.StartLine, t.OriginalStartLine, t.StartSide = at.StartLine, at.StartLine, cmp.Or(at.StartSide, t.Side)
	startHunk, startIndex, _, ok := f.locate(t.StartSide, at.StartLine)
	switch {
	case t.StartSide == t.Side && at.StartLine >= at.Line:
		return nil, []fault{{"start_line", "must precede the end line."}}, nil
	case !ok:
		return nil, []fault{{"start_line", "must be part of the diff"}}, nil
	case startHunk != hunk:
		return nil, []fault{{"start_line", "must be part of the same hunk as the line."}}, nil
	case startIndex >= index:
		return nil, []fault{{"start_line", "must precede the end line."}}, nil
	}
	return t, nil, nil
}

// at turns a position, which counts lines below the first hunk's header, into a line and its side.
func (f *File) at(position int) (line int, side string) {
	for h := range f.Hunks {
		for _, l := range f.Hunks[h].Lines {
			side := "RIGHT"
			if l.New == 0 {
				side = "LEFT"
			}
			if _, _, at, ok := f.locate(side, l.on(side)); ok && at == position {
				return l.on(side), side
			}
		}
	}
	return 0, "RIGHT"
}

// has tells whether a commit is one of the pull request's.
func (p *PullRequest) has(commit string) (bool, error) {
	commits, err := p.commits()
	return slices.ContainsFunc(commits, func(c Commit) bool { return c.SHA == commit }), err
}

// carry moves the threads to where their lines are after a push; a line that the push changed is outdated.
func (p *PullRequest) carry(before, after string) error {
	change, err := p.repo.diff(before, after)
	if err != nil {
		return err
	}
	for _, t := range p.Threads {
		if t.SubjectType == "file" || t.Line == 0 || t.Side != "RIGHT" {
			continue
		}
		f := change.File(t.Path)
		if f == nil {
			continue
		}
		t.Line = f.shift(t.Line)
		if t.StartLine > 0 {
			t.StartLine = f.shift(t.StartLine)
		}
		t.Outdated = t.Line == 0
	}
	return nil
}

// shift follows a line of the old side to the new one; 0 when it was changed or deleted.
func (f *File) shift(line int) int {
	if f.Status == "removed" {
		return 0
	}
	offset := 0
	for _, h := range f.Hunks {
		for _, l := range h.Lines {
			switch {
			case l.Old == line && l.Kind == ' ':
				return l.New
			case l.Old == line:
				return 0
			case l.Old > line:
				return line + offset
			case l.Kind == '+':
				offset++
			case l.Kind == '-':
				offset--
			}
		}
		if h.OldStart+h.OldLines > line {
			return line + offset
		}
	}
	return line + offset
}

// threadFields says what is wrong with a single comment's place.
func threadFields(resource string, faults []fault) []any {
	var fields []any
	for _, f := range faults {
		field := map[string]any{"resource": resource, "code": "custom", "field": "pull_request_review_thread." + f.field}
		if f.field == "diff_hunk" {
			field["code"] = "missing_field"
		} else {
			field["message"] = "pull_request_review_thread." + f.field + " " + f.message
		}
		fields = append(fields, field)
	}
	return fields
}

// threadSentence says the same of a review's comments.
func threadSentence(faults []fault) string {
	var parts []string
	for _, f := range faults {
		if f.field == "path" {
			return "Path " + f.message
		}
		parts = append(parts, "Pull request review thread "+strings.ReplaceAll(f.field, "_", " ")+" "+f.message)
	}
	return strings.Join(parts, " and ")
}

// say adds a comment to a thread, and the thread to the pull request when it is new.
func (p *PullRequest) say(t *Thread, v *Review, body string) *Comment {
	s := p.repo.server
	if t.ID == 0 {
		t.ID = s.id()
		p.Threads = append(p.Threads, t)
	}
	k := &Comment{ID: s.id(), ReviewID: v.ID, Author: v.Author, Body: body, CreatedAt: s.now(), UpdatedAt: s.now()}
	t.Comments = append(t.Comments, k)
	return k
}
