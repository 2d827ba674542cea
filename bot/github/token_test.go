package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A door is a server that mints tokens t1, t2, … and lets in whom it is told to.
type door struct {
	*httptest.Server
	life time.Duration // of a token

	mu     sync.Mutex
	minted int
	refuse map[string]bool                                            // tokens
	enter  func(w http.ResponseWriter, r *http.Request, token string) // what is behind; nil answers {}
	bodies []string                                                   // of what came in
	deny   func(w http.ResponseWriter)                                // answers the wish for a token; nil mints
}

func newDoor(t *testing.T) *door {
	d := &door{life: time.Hour, refuse: map[string]bool{}}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		if d.deny != nil {
			d.deny(w)
			return
		}
		d.minted++
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token":"t%d","expires_at":%q}`, d.minted, time.Now().Add(d.life).Format(time.RFC3339))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	d.bodies = append(d.bodies, string(body))
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "token ")
	switch {
	case d.refuse[token]:
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Bad credentials"}`)
	case d.enter != nil:
		d.enter(w, r, token)
	default:
		fmt.Fprint(w, `{}`)
	}
}

func (d *door) repository(t *testing.T) *Repository {
	t.Helper()
	app, err := Open(Options{AppID: 1, PrivateKey: privateKey(), BaseURL: d.URL, WriteInterval: -1, Audit: func(AuditLine) {}})
	if err != nil {
		t.Fatal(err)
	}
	return app.Repository(3, "acme", "shop")
}

func TestTokenIsKept(t *testing.T) {
	d := newDoor(t)
	r := d.repository(t)
	for range 3 {
		if _, err := r.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.app.Repository(3, "acme", "shop").GitToken(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if d.minted != 1 {
		t.Errorf("minted %d tokens", d.minted)
	}
}

func TestForget(t *testing.T) {
	d := newDoor(t)
	d.enter = func(w http.ResponseWriter, r *http.Request, _ string) {
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, `{}`)
	}
	r := d.repository(t)
	other := r.app.Repository(4, "else", "shop")
	for _, r := range []*Repository{r, other} {
		if _, err := r.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.app.Forget(3)
	if n := len(r.app.cache.entries); n != 1 || r.app.cache.size != len(`{}`) {
		t.Errorf("%d answers of %d bytes are left", n, r.app.cache.size)
	}
	for _, r := range []*Repository{r.app.Repository(3, "acme", "shop"), other} {
		if _, err := r.GitToken(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if d.minted != 3 {
		t.Errorf("minted %d tokens", d.minted)
	}
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	for life, want := range map[time.Duration]int{renewBefore + time.Minute: 1, renewBefore - time.Minute: 2} {
		d := newDoor(t)
		d.life = life
		r := d.repository(t)
		for range 2 {
			if _, err := r.GitToken(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d.minted != want {
			t.Errorf("living %s: minted %d tokens, want %d", life, d.minted, want)
		}
	}
}

func TestRefusedTokenIsMintedAgainOnce(t *testing.T) {
	d := newDoor(t)
	d.refuse["t1"] = true
	r := d.repository(t)
	if err := r.UpdateComment(t.Context(), 7, "hello"); err != nil {
		t.Fatal(err)
	}
	if d.minted != 2 || len(d.bodies) != 2 || d.bodies[0] != d.bodies[1] {
		t.Errorf("minted %d, sent %q", d.minted, d.bodies)
	}
	d.refuse["t2"], d.refuse["t3"] = true, true
	var refused *Error
	if err := r.UpdateComment(t.Context(), 7, "hello"); !errors.As(err, &refused) || refused.Status != 401 {
		t.Errorf("got %v", err)
	}
	if d.minted != 3 || len(d.bodies) != 4 {
		t.Errorf("minted %d, sent %q", d.minted, d.bodies)
	}
}

func TestRefusalToMint(t *testing.T) {
	for _, c := range []struct {
		status  int
		message string
		want    error
	}{
		{404, "Not Found", ErrNotFound},
		{403, "This installation has been suspended", ErrSuspended},
		{422, "There is at least one repository that does not exist or is not accessible to the parent installation.", ErrNotFound},
		{422, "The permissions requested are not granted to this installation.", ErrForbidden},
	} {
		d := newDoor(t)
		d.deny = func(w http.ResponseWriter) {
			w.WriteHeader(c.status)
			if err := json.NewEncoder(w).Encode(map[string]string{"message": c.message}); err != nil {
				t.Error(err)
			}
		}
		if _, err := d.repository(t).Info(t.Context()); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%d %s: got %v", c.status, c.message, err)
		}
	}
	d := newDoor(t)
	d.deny = func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) }
	var limit *LimitError
	if _, err := d.repository(t).Info(t.Context()); !errors.As(err, &limit) {
		t.Errorf("429: got %v", err)
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s came with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	d := newDoor(t)
	d.enter = func(w http.ResponseWriter, r *http.Request, _ string) {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}
	r := d.repository(t)
	if _, err := r.Info(t.Context()); !errors.Is(err, ErrRefused) {
		t.Errorf("reading: %v", err)
	}
	if err := r.CreateBranch(t.Context(), "kustodian/fix", "abc"); err == nil {
		t.Error("writing follows a redirect")
	}
}

func TestRenamedRepositoryIsRead(t *testing.T) {
	d := newDoor(t)
	d.enter = func(w http.ResponseWriter, r *http.Request, token string) {
		if r.URL.Path != "/repositories/9" {
			http.Redirect(w, r, "/repositories/9", http.StatusMovedPermanently)
			return
		}
		fmt.Fprintf(w, `{"id":9,"name":%q}`, "new-"+token)
	}
	info, err := d.repository(t).Info(t.Context())
	if err != nil || info.Name != "new-t1" {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestWordsOfGitHub(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		words  string
	}{
		{422, `{"message":"Unprocessable Entity","errors":["Pull request review thread line must be part of the diff"]}`, ErrRejected, "must be part of the diff"},
		{422, `{"message":"Validation Failed","errors":[{"resource":"PullRequest","field":"head","code":"invalid"}]}`, ErrRejected, "PullRequest head invalid"},
		{422, `{"message":"Reference already exists"}`, ErrExists, "already exists"},
		{422, `{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom","message":"A pull request already exists for acme:feat."}]}`, ErrExists, "acme:feat"},
		{403, `{"message":"Resource not accessible by integration"}`, ErrForbidden, "not accessible"},
		{404, `{"message":"Not Found"}`, ErrNotFound, "Not Found"},
	} {
		d := newDoor(t)
		d.enter = func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}
		err := d.repository(t).CreateReview(t.Context(), 7, "abc", nil)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "acme/shop#7") {
			t.Errorf("%s: got %v", c.body, err)
		}
	}
}

func TestWordsOfGraphQL(t *testing.T) {
	for kind, want := range map[string]error{"STALE_DATA": ErrStale, "NOT_FOUND": ErrNotFound, "FORBIDDEN": ErrForbidden} {
		d := newDoor(t)
		d.enter = func(w http.ResponseWriter, _ *http.Request, _ string) {
			fmt.Fprintf(w, `{"data":{"createCommitOnBranch":null},"errors":[{"type":%q,"path":["createCommitOnBranch"],"message":"told why"}]}`, kind)
		}
		_, err := d.repository(t).CommitOnBranch(t.Context(), Commit{Branch: "kustodian/fix", Head: "abc", Message: "m"})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "told why") {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	d := newDoor(t)
	d.enter = func(w http.ResponseWriter, _ *http.Request, _ string) {
		fmt.Fprint(w, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`)
	}
	var limit *LimitError
	if _, err := d.repository(t).Threads(t.Context(), 7); !errors.As(err, &limit) || limit.Installation != 3 {
		t.Errorf("RATE_LIMITED: got %v", err)
	}
}

func TestSpentHour(t *testing.T) {
	d := newDoor(t)
	reset := time.Now().Add(10 * time.Minute).Truncate(time.Second)
	d.enter = func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", fmt.Sprint(reset.Unix()))
		fmt.Fprint(w, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`)
	}
	r := d.repository(t)
	_, err := r.Threads(t.Context(), 7)
	checkLimit(t, err, reset)
	_, err = r.Info(t.Context())
	checkLimit(t, err, reset)
	if len(d.bodies) != 1 {
		t.Errorf("%d requests were sent", len(d.bodies))
	}
}
