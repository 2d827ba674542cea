package github

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	contracts "github.com/kustodian/kustodian/testdata/github"
)

// contract is what GitHub publishes of its interface, with its example answers.
var contract = sync.OnceValues(func() (routers.Router, error) {
	raw, err := contracts.RESTExamples()
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	document.Servers = openapi3.Servers{{URL: "/"}}
	return gorillamux.NewRouter(document)
})

var schema = sync.OnceValues(func() (*ast.Schema, error) {
	raw, err := contracts.GraphQL()
	if err != nil {
		return nil, err
	}
	return gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(raw)})
})

// privateKey is made once: it takes a while.
var privateKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

// A published is a server that takes what GitHub's contract takes, fails the
// test on anything else, and answers with GitHub's own examples.
type published struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	minted []json.RawMessage          // bodies of the requests for tokens
	seen   []*http.Request            // everything but those
	answer map[string]json.RawMessage // to GraphQL, by the operation's name
}

func serve(t *testing.T) *published {
	t.Helper()
	p := &published{t: t, answer: map[string]json.RawMessage{
		"threads":   json.RawMessage(`{"repository":{"pullRequest":{"reviewThreads":{"pageInfo":{"hasNextPage":false},"nodes":[]}}}}`),
		"resolve":   json.RawMessage(`{"resolveReviewThread":{"thread":{"isResolved":true}}}`),
		"unresolve": json.RawMessage(`{"unresolveReviewThread":{"thread":{"isResolved":false}}}`),
		"commit":    json.RawMessage(`{"createCommitOnBranch":{"commit":{"oid":"c0ffee"}}}`),
	}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// app opens an App on the server, without a pace of writes.
func (p *published) app(options Options) *App {
	p.t.Helper()
	options.AppID, options.PrivateKey, options.BaseURL, options.WriteInterval = 1, privateKey(), p.URL, -1
	if options.Audit == nil {
		options.Audit = func(AuditLine) {}
	}
	a, err := Open(options)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *published) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		p.mint(w, body)
		return
	}
	p.mu.Lock()
	p.seen = append(p.seen, r)
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/graphql" {
		p.graphql(w, body)
		return
	}
	if err := p.rest(w, r, body); err != nil {
		p.t.Errorf("%s %s: %v\n%s", r.Method, r.URL, err, body)
		w.WriteHeader(http.StatusBadRequest)
	}
}

// mint answers with a token that says which permissions it has.
func (p *published) mint(w http.ResponseWriter, body []byte) {
	p.mu.Lock()
	p.minted = append(p.minted, body)
	p.mu.Unlock()
	var asked struct{ Permissions map[string]string }
	if err := json.Unmarshal(body, &asked); err != nil {
		p.t.Error(err)
	}
	w.WriteHeader(http.StatusCreated)
	err := json.NewEncoder(w).Encode(map[string]any{
		"token": named(asked.Permissions), "expires_at": time.Now().Add(time.Hour),
	})
	if err != nil {
		p.t.Error(err)
	}
}

// named is the token that the server gives out for permissions.
func named(permissions map[string]string) string {
	var parts []string
	for name, level := range permissions {
		parts = append(parts, name+"="+level)
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (p *published) rest(w http.ResponseWriter, r *http.Request, body []byte) error {
	router, err := contract()
	if err != nil {
		return err
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		return err
	}
	if route.Operation.OperationID == "issues/add-labels" {
		body = fmt.Appendf(nil, `{"labels":%s}`, body) // the bare list is documented, and not in the schema
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	})
	if err != nil {
		return err
	}
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusNoContent} {
		answer := route.Operation.Responses.Status(status)
		if answer == nil {
			continue
		}
		w.WriteHeader(status)
		media := answer.Value.Content.Get("application/json")
		if media == nil {
			return nil
		}
		if route.Operation.OperationID == "repos/get-content" { // the example holds base64 that is none
			_, err := io.WriteString(w, `{"type":"file","encoding":"base64","content":"YTog\nYgo=\n"}`)
			return err
		}
		for _, example := range media.Examples {
			return json.NewEncoder(w).Encode(example.Value.Value)
		}
	}
	return nil
}

func (p *published) graphql(w http.ResponseWriter, body []byte) {
	var sent struct{ Query string }
	if err := json.Unmarshal(body, &sent); err != nil {
		p.t.Error(err)
	}
	s, err := schema()
	if err != nil {
		p.t.Fatal(err)
	}
	document, errs := gqlparser.LoadQueryWithRules(s, sent.Query, rules.NewDefaultRules())
	if errs != nil {
		p.t.Errorf("%s: %v", sent.Query, errs)
		return
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"data": p.answer[document.Operations[0].Name]}); err != nil {
		p.t.Error(err)
	}
}

// TestDocuments holds every GraphQL document to the schema.
func TestDocuments(t *testing.T) {
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(queries, "queries/*.graphql")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %d documents, %v", len(names), err)
	}
	for _, name := range names {
		raw, err := queries.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, errs := gqlparser.LoadQueryWithRules(s, string(raw), rules.NewDefaultRules()); errs != nil {
			t.Errorf("%s: %v", name, errs)
		}
	}
	if _, errs := gqlparser.LoadQueryWithRules(s, `{ repository(owner: "a", name: "b") { loginn } }`, rules.NewDefaultRules()); errs == nil {
		t.Error("a field that does not exist passes")
	}
}
