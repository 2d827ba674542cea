package conformance

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// client speaks plain HTTP, so that no library's opinion stands between the question and the answer.
type client struct {
	url, repository string
	token           string
	key             *rsa.PrivateKey
}

func newClient(t *testing.T, target Target) client {
	t.Helper()
	block, _ := pem.Decode(target.Key)
	if block == nil {
		t.Fatal("the App's key is no PEM")
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatalf("reading the App's key: %v", err)
	}
	c := client{url: target.URL, repository: target.Repository, key: key}
	c.token = c.mint(t, target, nil)
	return c
}

// jwt signs claims as the App does.
func (c client) jwt(claims map[string]any) string {
	encode := func(value any) string {
		data, _ := json.Marshal(value) // strings and numbers always encode
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := encode(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + encode(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, digest[:])
	if err != nil {
		return err.Error()
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (c client) appToken(app int64, issued, expires time.Duration) string {
	now := time.Now()
	return c.jwt(map[string]any{"iat": now.Add(issued).Unix(), "exp": now.Add(expires).Unix(), "iss": app})
}

// mintAnswer asks for an installation token that is restricted as ask says.
func (c client) mintAnswer(target Target, ask any) answer {
	as := c
	as.token = c.appToken(target.App, -30*time.Second, 5*time.Minute)
	return as.request(http.MethodPost, fmt.Sprintf("/app/installations/%d/access_tokens", target.Installation), ask)
}

func (c client) mint(t *testing.T, target Target, ask any) string {
	t.Helper()
	a := c.mintAnswer(target, ask)
	var minted struct{ Token string }
	if a.err != nil || a.status != http.StatusCreated {
		t.Fatalf("making a token: status %d %v\n%s", a.status, a.err, a.body)
	}
	a.into(t, &minted)
	return minted.Token
}

// as is the client with another credential.
func (c client) as(token string) client {
	c.token = token
	return c
}

func (c client) repo(path string) string { return "/repos/" + c.repository + path }

func (c client) path(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func (c client) post(path string, body any) answer {
	return c.request(http.MethodPost, c.repo(path), body)
}

func (c client) get(t *testing.T, path string, into any) answer {
	t.Helper()
	a := c.request(http.MethodGet, c.repo(path), nil)
	if a.err != nil || a.status != http.StatusOK {
		t.Fatalf("GET %s: status %d %v\n%.600s", path, a.status, a.err, a.body)
	}
	if into != nil {
		a.into(t, into)
	}
	return a
}

// graph asks GraphQL.
func (c client) graph(document string, variables map[string]any) answer {
	return c.request(http.MethodPost, "/graphql", map[string]any{"query": document, "variables": variables})
}

// request sends one request with headers as pairs of name and value.
func (c client) request(method, path string, body any, headers ...string) answer {
	data := []byte{}
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return answer{err: err}
		}
	}
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(data))
	if err != nil {
		return answer{err: err}
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Accept", "application/vnd.github+json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer a.Body.Close() // it was only read
	text, err := io.ReadAll(a.Body)
	return answer{status: a.StatusCode, header: a.Header, body: text, err: err}
}
