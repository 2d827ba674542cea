package github

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What a call can fail with, for [errors.Is].
var (
	// ErrNotFound is a thing that is not there, or that the App is not shown.
	ErrNotFound = errors.New("not found")
	// ErrForbidden is a right that the installation did not grant.
	ErrForbidden = errors.New("not granted to the App")
	// ErrSuspended is an installation that its owner suspended.
	ErrSuspended = errors.New("installation is suspended")
	// ErrExists is a branch or an open pull request that is there already.
	ErrExists = errors.New("exists already")
	// ErrRejected is a request whose content GitHub does not take.
	ErrRejected = errors.New("rejected")
	// ErrStale is a branch that moved on since its head was read.
	ErrStale = errors.New("branch has moved")
	// ErrReadOnly is a write that was not sent since the App is read-only.
	ErrReadOnly = errors.New("not sent: read-only")
	// ErrRefused is a write that was not sent since the App never writes there.
	ErrRefused = errors.New("not sent: outside of what the App writes")
)

// An Error is an answer of GitHub that is none.
type Error struct {
	Call    string   // what was asked, such as "creating the review of pull request 7"
	Status  int      // of HTTP; 200 where GraphQL answered with errors
	Message string   // GitHub's
	Details []string // GitHub's, one for each thing it found wrong
	is      error    // the sentinel, or nil
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: GitHub answered %d: %s", e.Call, e.Status, e.Message)
	if len(e.Details) > 0 {
		text += " (" + strings.Join(e.Details, "; ") + ")"
	}
	return text
}

// Unwrap returns the one of this package's errors that the answer means, or nil.
func (e *Error) Unwrap() error { return e.is }

// A LimitError says that GitHub wants no more requests of an installation for
// now, or that one more would bring us there. Nothing was sent or stored.
type LimitError struct {
	Installation int64 // 0 is the App itself
	Until        time.Time
	Why          string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("rate limit of installation %d until %s: %s", e.Installation, e.Until.UTC().Format(time.RFC3339), e.Why)
}
