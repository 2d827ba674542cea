package mirror_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A host is a git server with one repository, at acme/base.
type host struct {
	*httptest.Server
	repository, commit string
	asked              atomic.Int64
}

// newHost serves a repository with tag v1 on branch main to who has the token.
func newHost(t *testing.T, token string, files map[string]string) *host {
	t.Helper()
	h := &host{repository: newRepository(t)}
	commit(t, h.repository, map[string]string{"old": "old\n"})
	h.commit = commit(t, h.repository, files)
	git(t, h.repository, "tag", "-a", "-m", "one", "v1")
	mux := http.NewServeMux()
	mux.Handle("/acme/base/", http.StripPrefix("/acme/base", backend(t, filepath.Join(h.repository, ".git"), token)))
	mux.HandleFunc("/acme/slow/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/acme/renamed/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(r.URL.String(), "renamed", "base", 1), http.StatusMovedPermanently)
	})
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *host) name() string { return strings.TrimPrefix(h.URL, "https://") }

// remotes allows what is at acme on the host.
func (h *host) remotes(t *testing.T) *mirror.Remotes {
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	return &mirror.Remotes{Dir: filepath.Join(t.TempDir(), "remotes"), Allowed: []string{h.name() + "/acme"}, Inside: []string{h.name()}, Roots: roots}
}

// TestRemotes fetches a commit once, and shows it beside another tree.
func TestRemotes(t *testing.T) {
	h := newHost(t, "", map[string]string{"web/web.yaml": "kind: Deployment\n", "link": "-> web"})
	remotes := h.remotes(t)
	base := overlay.RemoteBase{URL: h.URL + "/acme/base", Ref: h.commit, Path: "web"}
	for _, tenant := range []string{"1", "2", "1"} {
		if answer := remotes.Answer(t.Context(), mirror.Asker{Tenant: tenant}, base); answer.Refused != "" {
			t.Fatalf("%s %s", base, answer.Refused)
		}
	}
	if got := h.asked.Load(); got != 4 {
		t.Errorf("two tenants took %d requests; want two each, and none for what is there", got)
	}
	checkPrivate(t, remotes.Dir, "no token")
	tree := mirror.Beside(overlay.Files{"own.yaml": "own"}, remotes.Folder("1"))
	at := path.Join(overlay.RemoteFolder, base.Folder())
	if got, err := tree.ReadFile(at + "/web/web.yaml"); err != nil || string(got) != "kind: Deployment\n" {
		t.Errorf("read %q, %v", got, err)
	}
	if got, err := tree.Readlink(at + "/link"); err != nil || got != "web" {
		t.Errorf("the link leads to %q, %v", got, err)
	}
	if entries, err := tree.ReadDir(at); err != nil || len(entries) != 3 {
		t.Errorf("listed %v, %v", entries, err)
	}
	if got, err := tree.ReadFile("own.yaml"); err != nil || string(got) != "own" {
		t.Errorf("read %q of the tree itself, %v", got, err)
	}
	for _, gone := range []string{at + "/no", overlay.RemoteFolder + "/../etc-passwd", overlay.RemoteFolder + "/x", overlay.RemoteFolder + "/0-" + h.commit} {
		if got, err := tree.ReadFile(gone); err == nil {
			t.Errorf("read %q of %s", got, gone)
		}
	}
}

// TestRemotesRefuse changes one thing about a base, or about who asks.
func TestRemotesRefuse(t *testing.T) {
	h := newHost(t, "", map[string]string{"web.yaml": "kind: Deployment\n"})
	for name, c := range map[string]struct {
		url, ref string
		change   func(*mirror.Remotes)
		dials    bool
		want     string // "" is fetched
	}{
		"as it should be":         {"/acme/base", h.commit, nil, true, ""},
		"renamed":                 {"/acme/renamed", h.commit, nil, true, ""},
		"with .git":               {"/acme/base.git", h.commit, nil, true, "could not be fetched"},
		"a tag":                   {"/acme/base", "v1", nil, true, "is not pinned: v1 can be moved, so write the commit that it names now: " + h.URL + "/acme/base?ref=" + h.commit},
		"a branch":                {"/acme/base", "main", nil, true, "?ref=" + h.commit},
		"no ref":                  {"/acme/base", "", nil, true, "the default branch can be moved, so write the commit that it names now: " + h.URL + "/acme/base?ref=" + h.commit},
		"a ref that is not there": {"/acme/base", "v9", nil, true, "v9 can be moved, so write a full commit behind ?ref="},
		"half a commit":           {"/acme/base", h.commit[:12], nil, true, "write a full commit"},
		"a commit that is gone":   {"/acme/base", strings.Repeat("0", 39) + "1", nil, true, "could not be fetched"},
		"an option for a ref":     {"/acme/base", "--upload-pack=touch x", nil, false, "its ref is none"},
		"a ref with blanks":       {"/acme/base", "a b", nil, false, "its ref is none"},
		"another place":           {"/acme-evil/base", h.commit, nil, false, "does not allow " + h.name() + "/acme-evil/base"},
		"above the place":         {"/acme/../evil/base", h.commit, nil, false, "letters that no repository's has"},
		"above it by escapes":     {"/acme/%2e%2e/evil", h.commit, nil, false, "letters that no repository's has"},
		"nothing is allowed":      {"/acme/base", h.commit, func(r *mirror.Remotes) { r.Allowed = nil }, false, "does not allow"},
		"inside, and not listed":  {"/acme/base", h.commit, func(r *mirror.Remotes) { r.Inside = nil }, false, "internal address 127.0.0.1"},
		"too large":               {"/acme/base", h.commit, func(r *mirror.Remotes) { r.Size = 700 }, true, "larger than the operator allows"},
		"too slow":                {"/acme/slow", h.commit, func(r *mirror.Remotes) { r.Timeout = 200 * time.Millisecond }, true, "deadline exceeded"},
		"too many":                {"/acme/base", h.commit, func(r *mirror.Remotes) { r.Kept = 1; fill(t, r) }, false, "1 commits of remote bases are kept already"},
		"an unknown authority":    {"/acme/base", h.commit, func(r *mirror.Remotes) { r.Roots = nil }, false, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			remotes := h.remotes(t)
			if c.change != nil {
				c.change(remotes)
			}
			before := h.asked.Load()
			answer := remotes.Answer(t.Context(), mirror.Asker{}, overlay.RemoteBase{URL: h.URL + c.url, Ref: c.ref, Path: "."})
			if (answer.Refused == "") != (c.want == "") || !strings.Contains(answer.Refused, c.want) {
				t.Errorf("got %q, want %q", answer.Refused, c.want)
			}
			if dialled := h.asked.Load() > before; dialled != c.dials {
				t.Errorf("the host was asked: %t, want %t", dialled, c.dials)
			}
			left, err := filepath.Glob(filepath.Join(remotes.Dir, "*", ".new-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// fill keeps one commit.
func fill(t *testing.T, r *mirror.Remotes) {
	if err := os.MkdirAll(filepath.Join(r.Folder(""), "one"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestRemotesForms(t *testing.T) {
	remotes := &mirror.Remotes{Dir: t.TempDir(), Allowed: []string{"github.com/acme"}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is dialled
	for text, want := range map[string]string{
		"git@github.com:acme/base.git//web?ref=v1":                    "only https is, so write https://github.com/acme/base.git//web?ref=v1",
		"ssh://git@git.example.com:7999/acme/base":                    "only https is, so write https://git.example.com/acme/base",
		"http://git.example.com/acme/base":                            "only https is, so write https://git.example.com/acme/base",
		"file:///srv/base":                                            "a folder of the machine that builds",
		"https://token:x@git.example.com/acme/base":                   "names who asks",
		"https://github.com/acme.evil/base":                           "does not allow github.com/acme.evil/base",
		"https://github.com.evil.example/acme/base":                   "does not allow",
		"https://git.example.com\\@github.com/acme/base":              "names who asks",
		"https://GITHUB.com/acme/base?ref=-x":                         "its ref is none",
		"https://github.com/acme/base?ref=refs/../../../x":            "its ref is none",
		"https://github.com/acme/base?ref=" + strings.Repeat("a", 40): "context canceled",
	} {
		base, ok := overlay.ParseRemote(text)
		if !ok {
			t.Errorf("%s is no remote base", text)
			continue
		}
		if answer := remotes.Answer(ctx, mirror.Asker{}, base); !strings.Contains(answer.Refused, want) {
			t.Errorf("%s %s; want %q", text, answer.Refused, want)
		}
	}
}

// TestRemotesLogin gives a login to its tenant and place alone, and to no
// stranger's change.
func TestRemotesLogin(t *testing.T) {
	h := newHost(t, "secret", map[string]string{"web.yaml": "kind: Deployment\n"})
	for name, c := range map[string]struct {
		asker  mirror.Asker
		place  string
		listed bool
	}{
		"bound":               {mirror.Asker{Tenant: "7"}, "/acme", true},
		"a stranger's change": {mirror.Asker{Tenant: "7", Anonymous: true}, "/acme", false},
		"another tenant":      {mirror.Asker{Tenant: "8"}, "/acme", false},
		"another place":       {mirror.Asker{Tenant: "7"}, "/acme/other", false},
		"begins alike":        {mirror.Asker{Tenant: "7"}, "/acme/bas", false},
	} {
		remotes := h.remotes(t)
		remotes.Logins = []mirror.Login{{Tenant: "7", Place: h.name() + c.place, Username: "x-access-token", Password: "secret"}}
		answer := remotes.Answer(t.Context(), c.asker, overlay.RemoteBase{URL: h.URL + "/acme/base", Ref: h.commit, Path: "."})
		if (answer.Refused == "") != c.listed {
			t.Errorf("%s: %q", name, answer.Refused)
		}
		checkPrivate(t, remotes.Dir, "secret")
	}
}

// TestRemotesRedirected lets a host send to another one.
func TestRemotesRedirected(t *testing.T) {
	target := newHost(t, "", map[string]string{"web.yaml": "kind: Deployment\n"})
	from := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL+r.URL.String(), http.StatusMovedPermanently)
	}))
	t.Cleanup(from.Close)
	remotes := target.remotes(t)
	remotes.Roots.AddCert(from.Certificate())
	name := strings.TrimPrefix(from.URL, "https://")
	remotes.Allowed, remotes.Inside = append(remotes.Allowed, name), append(remotes.Inside, name)
	answer := remotes.Answer(t.Context(), mirror.Asker{}, overlay.RemoteBase{URL: from.URL + "/acme/base", Ref: target.commit, Path: "."})
	if !strings.Contains(answer.Refused, "redirected to another host") || target.asked.Load() > 0 {
		t.Errorf("got %q, and the other host was asked %d times", answer.Refused, target.asked.Load())
	}
}
