package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
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
	// ErrRefused is a request that was not sent since the App never makes such a one.
	ErrRefused = errors.New("not sent: outside of what the App does")
)

// An Error is an answer of GitHub that refuses a call.
type Error struct {
	Call    string   // what was asked, such as "creating a review of acme/shop#7"
	Status  int      // of HTTP; 200 where GraphQL answered with errors
	Message string   // GitHub's
	Details []string // GitHub's, one for each thing it found wrong
	is      error    // the one of this package's errors that it means, or nil
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
// now, or that one more would bring us there. Nothing was stored.
type LimitError struct {
	Installation int64 // 0 is the App itself
	Until        time.Time
	Why          string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("rate limit of installation %d until %s: %s", e.Installation, e.Until.UTC().Format(time.RFC3339), e.Why)
}

// failed turns the error of a go-github call into this package's.
func failed(call string, err error) error {
	var answer *gh.ErrorResponse
	if !errors.As(err, &answer) {
		// Limits, refusals and faults of the network are worded by whoever found them.
		return fmt.Errorf("%s: %w", call, err)
	}
	e := &Error{Call: call, Status: answer.Response.StatusCode, Message: answer.Message}
	for _, detail := range answer.Errors {
		e.Details = append(e.Details, words(detail))
	}
	e.is = meaning(e.Status, e.Message, e.Details)
	return e
}

// words are what GitHub says of one fault: a sentence, or a field and a code.
func words(e gh.Error) string {
	if e.Message != "" {
		return e.Message
	}
	return strings.TrimSpace(e.Resource + " " + e.Field + " " + e.Code)
}

// meaning is the error of this package that an answer means, or nil.
func meaning(status int, message string, details []string) error {
	says := func(what string) bool {
		return strings.Contains(strings.ToLower(message+"\n"+strings.Join(details, "\n")), what)
	}
	switch {
	case status == http.StatusNotFound, status == http.StatusGone:
		return ErrNotFound
	case status == http.StatusForbidden && says("suspended"):
		return ErrSuspended
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusUnprocessableEntity && says("already exists"):
		return ErrExists
	case status == http.StatusUnprocessableEntity && says("reference does not exist"):
		return ErrNotFound
	case status == http.StatusUnprocessableEntity:
		return ErrRejected
	}
	return nil
}
