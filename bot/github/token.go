package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
)

// renewBefore is how long before its end a token is replaced: a fetch of git
// may take minutes with the token that it began with.
const renewBefore = 5 * time.Minute

// maxTokens bounds how many tokens are remembered, three for a repository.
const maxTokens = 10_000

// A level is what a token is for.
type level int

const (
	reading   level = iota // pull requests and contents
	reporting              // reviews, comments and check runs
	writing                // commits, branches and pull requests
	levels                 // how many levels a repository has

	listing = levels // the repositories of an installation
)

// permissions are those a token of the level asks for. Read-only, they are the
// same without the right to write.
func (l level) permissions(readOnly bool) map[string]string {
	write := "write"
	if readOnly {
		write = "read"
	}
	switch l {
	case reading:
		return map[string]string{"metadata": "read", "contents": "read", "pull_requests": "read"}
	case reporting:
		return map[string]string{"metadata": "read", "pull_requests": write, "checks": write}
	case writing:
		return map[string]string{"metadata": "read", "contents": write, "pull_requests": write}
	}
	return map[string]string{"metadata": "read"}
}

// A grant is what a token is minted for: one repository ("" with [listing]) and one level.
type grant struct {
	installation int64
	owner, name  string
	level        level
}

func (g grant) String() string {
	if g.name == "" {
		return fmt.Sprintf("installation %d", g.installation)
	}
	return g.owner + "/" + g.name
}

// A token is the current token of a grant, minted when it is first asked for.
type token struct {
	app     *App
	grant   grant
	lock    chan struct{} // holds one value while somebody mints or reads; a mutex that a context can leave
	value   string
	expires time.Time
}

// tokenOf returns the token of a grant, always the same one while it is in use.
func (a *App) tokenOf(g grant) *token {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tokens[g]
	if t == nil {
		if len(a.tokens) >= maxTokens {
			clear(a.tokens) // who holds one goes on with it
		}
		t = &token{app: a, grant: g, lock: make(chan struct{}, 1)}
		a.tokens[g] = t
	}
	return t
}

// get returns a token that is good for at least [renewBefore].
func (t *token) get(ctx context.Context) (string, error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if t.value == "" || time.Until(t.expires) < renewBefore {
		value, expires, err := t.mint(ctx)
		if err != nil {
			return "", err
		}
		t.value, t.expires = value, expires
	}
	return t.value, nil
}

// drop forgets a token that GitHub refused, unless another has taken its place.
func (t *token) drop(value string) {
	t.lock <- struct{}{}
	defer func() { <-t.lock }()
	if t.value == value {
		t.value = ""
	}
}

// mint asks GitHub for a token. ghinstallation would renew one only a minute
// before its end and never after a 401, so it is asked for one at a time.
func (t *token) mint(ctx context.Context) (string, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	options, err := t.options()
	if err != nil {
		return "", time.Time{}, err
	}
	minter := ghinstallation.NewFromAppsTransport(t.app.appTransport(), t.grant.installation)
	minter.BaseURL = strings.TrimSuffix(t.app.base.String(), "/")
	minter.InstallationTokenOptions = options
	value, err := minter.Token(ctx)
	if err != nil {
		return "", time.Time{}, mintFailed(fmt.Sprintf("asking for a token for %s", t.grant), err)
	}
	expires, _, err := minter.Expiry()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("reading when the token for %s ends: %w", t.grant, err)
	}
	return value, expires, nil
}

func (t *token) options() (*gh.InstallationTokenOptions, error) {
	// go-github's permissions are a struct with a field for each.
	raw, err := json.Marshal(t.grant.level.permissions(t.app.readOnly))
	if err != nil {
		return nil, fmt.Errorf("writing the permissions of a token: %w", err)
	}
	options := &gh.InstallationTokenOptions{Permissions: &gh.InstallationPermissions{}}
	if err := json.Unmarshal(raw, options.Permissions); err != nil {
		return nil, fmt.Errorf("writing the permissions of a token: %w", err)
	}
	if t.grant.name != "" {
		options.Repositories = []string{t.grant.name}
	}
	return options, nil
}

// mintFailed turns what ghinstallation says into this package's errors. It
// leaves the body open and unread.
func mintFailed(call string, err error) error {
	var answer *ghinstallation.HTTPError
	if !errors.As(err, &answer) || answer.Response == nil || answer.Response.Body == nil {
		return failed(call, err)
	}
	defer answer.Response.Body.Close()
	var body struct{ Message string }
	raw, readErr := io.ReadAll(io.LimitReader(answer.Response.Body, 64<<10))
	if readErr != nil || json.Unmarshal(raw, &body) != nil {
		body.Message = answer.Response.Status
	}
	e := &Error{Call: call, Status: answer.Response.StatusCode, Message: body.Message}
	switch {
	case e.Status == http.StatusUnprocessableEntity && strings.Contains(body.Message, "permissions requested"):
		e.is = ErrForbidden
	case e.Status == http.StatusUnprocessableEntity:
		e.is = ErrNotFound // "at least one repository that does not exist or is not accessible"
	default:
		e.is = meaning(e.Status, body.Message, nil)
	}
	return e
}
