package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// writes are the writing requests that the bot makes, below the URL of a
// repository; no other leaves. Those that name a ref are looked into besides.
var writes = []struct {
	method  string
	path    *regexp.Regexp
	creates bool // counts as content in GitHub's limits
}{
	{http.MethodPost, regexp.MustCompile(`^pulls$`), true},
	{http.MethodPatch, regexp.MustCompile(`^pulls/\d+$`), false},
	{http.MethodPost, regexp.MustCompile(`^pulls/\d+/reviews$`), true},
	{http.MethodPost, regexp.MustCompile(`^pulls/\d+/comments$`), true},
	{http.MethodPatch, regexp.MustCompile(`^pulls/comments/\d+$`), false},
	{http.MethodPost, regexp.MustCompile(`^pulls/\d+/requested_reviewers$`), false},
	{http.MethodPost, regexp.MustCompile(`^issues/\d+/labels$`), false},
	{http.MethodPost, regexp.MustCompile(`^issues/comments/\d+/reactions$`), false},
	{http.MethodPost, regexp.MustCompile(`^check-runs$`), true},
	{http.MethodPatch, regexp.MustCompile(`^check-runs/\d+$`), false},
	{http.MethodPost, regexp.MustCompile(`^git/refs$`), true},
	{http.MethodDelete, regexp.MustCompile(`^git/refs/.+$`), false},
}

// An operation is what a request does, as far as the transport cares.
type operation struct {
	name     string // method and path, or the mutation
	write    bool
	creates  bool
	mutation bool // of GraphQL, whose answer tells whether it was done
	ref      string
	old, new string
}

type operationKey struct{}

// operationOf returns what the guard found out about a request. The minting of
// tokens does not pass the guard: it changes nothing.
func operationOf(req *http.Request) operation {
	op, _ := req.Context().Value(operationKey{}).(operation)
	return op
}

// A guard lets through what the bot has to do with one grant and nothing else.
type guard struct {
	app   *App
	grant grant
	next  http.RoundTripper
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	op, err := g.look(req)
	if err == nil && op.write && g.app.readOnly {
		err = ErrReadOnly
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", op.name, err)
		g.tell(req, op, nil, err)
		return nil, closing(req, err)
	}
	answer, err := g.next.RoundTrip(req.WithContext(context.WithValue(req.Context(), operationKey{}, op)))
	if !op.write {
		return answer, err
	}
	told := err
	if err == nil && op.mutation {
		op.new, told = done(answer)
	}
	g.tell(req, op, answer, told)
	return answer, err
}

// look finds out what a request does; an error is a refusal.
func (g *guard) look(req *http.Request) (operation, error) {
	op := operation{name: req.Method + " " + req.URL.Path}
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return op, nil
	}
	op.write = true
	body, err := bodyOf(req)
	if err != nil {
		return op, err
	}
	if req.Method == http.MethodPost && req.URL.Path == g.app.graphql.Path {
		return g.lookGraphQL(body)
	}
	below, ok := strings.CutPrefix(req.URL.Path, g.app.base.JoinPath("repos", g.grant.owner, g.grant.name).Path+"/")
	if !ok || g.grant.name == "" {
		return op, ErrRefused
	}
	for _, w := range writes {
		if w.method != req.Method || !w.path.MatchString(below) {
			continue
		}
		op.creates = w.creates
		if ref, ok := strings.CutPrefix(below, "git/refs"); ok {
			return lookRef(op, ref, body)
		}
		return op, nil
	}
	return op, ErrRefused
}

// bodyOf reads a request's body without using it up.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	again, ok := replay(req)
	if !ok {
		return nil, fmt.Errorf("the body cannot be looked at: %w", ErrRefused)
	}
	raw, err := io.ReadAll(again.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return raw, again.Body.Close()
}

// lookRef checks the ref that a request makes or deletes, named by the path or the body.
func lookRef(op operation, path string, body []byte) (operation, error) {
	var named struct{ Ref, SHA string }
	if path != "" {
		named.Ref = "refs" + path
	} else if err := json.Unmarshal(body, &named); err != nil {
		return op, fmt.Errorf("reading the ref to write: %w", err)
	}
	op.ref, op.new = named.Ref, named.SHA
	return op, checkRef(op.ref)
}

// checkRef refuses every ref but the App's own branches.
func checkRef(ref string) error {
	name, ok := strings.CutPrefix(ref, "refs/heads/"+BranchPrefix)
	if !ok || name == "" || path.Clean(ref) != ref {
		return fmt.Errorf("ref %q: %w", ref, ErrRefused)
	}
	return nil
}

// tell leaves the audit line of a write.
func (g *guard) tell(req *http.Request, op operation, answer *http.Response, err error) {
	who, _ := req.Context().Value(auditKey{}).(Audit)
	line := AuditLine{
		Audit: who, Time: time.Now(), Installation: g.grant.installation, Repository: g.grant.String(),
		Call: op.name, Ref: op.ref, Old: op.old, New: op.new,
		Permissions: maps.Clone(g.grant.level.permissions(g.app.readOnly)),
	}
	if answer != nil {
		line.Status = answer.StatusCode
	}
	if err != nil {
		line.Error = err.Error()
	}
	g.app.audit(line)
}
