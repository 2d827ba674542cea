package githubtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFaults asks for a comment twice while a fault is on: what came back first, and how many comments there are then.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		fault         Fault
		status        int // 0 is no answer
		stored        int // after the first try
		second        int
	}{
		{"a bad gateway", "POST /repos/*/*/issues/*/comments", Fault{Status: 502, Times: 1}, 502, 0, 201},
		{"of an operation", "issues/create-comment", Fault{Status: 503, Times: 1}, 503, 0, 201},
		{"of all operations of a kind", "issues/*", Fault{Status: 500, Times: 1}, 500, 0, 201},
		{"that begins later", "*", Fault{Status: 500, Times: 1, After: 1}, 201, 1, 500},
		{"that does not end", "*", Fault{Status: 500}, 500, 0, 500},
		{"of another operation", "pulls/*", Fault{Status: 500}, 201, 1, 201},
		{"a connection cut before", "issues/create-comment", Fault{Reset: true, Times: 1}, 0, 0, 201},
		{"an answer lost after the write", "issues/create-comment", Fault{LoseAnswer: true, Times: 1}, 0, 1, 201},
		{"half an answer", "issues/create-comment", Fault{HalfBody: true, Times: 1}, 0, 1, 201},
		{"the hour's limit as 403", "*", with(PrimaryLimit(403, 7, time.Now().Add(time.Hour)), 1), 403, 0, 201},
		{"the hour's limit as 429", "*", with(PrimaryLimit(429, 7, time.Now().Add(time.Hour)), 1), 429, 0, 201},
		{"too much at once", "*", with(SecondaryLimit(403, time.Minute), 1), 403, 0, 201},
		{"too much at once without a time", "*", with(SecondaryLimit(429, 0), 1), 429, 0, 201},
		{"a token that is not known yet", "*", LateToken(401, 1), 401, 0, 201},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			s, r, id := start(t)
			n := change(t, r)
			client := ask(t, s, id)
			defer s.Fault(strings.ReplaceAll(strings.ReplaceAll(c.pattern, "/*/*/", "/{owner}/{repo}/"), "/issues/*/", "/issues/{issue_number}/"), c.fault)()
			path := "/repos/acme/shop/issues/1/comments"
			status, _, err := client.do("POST", path, map[string]any{"body": "first"})
			if c.status == 0 != (err != nil) || c.status != 0 && status != c.status {
				t.Errorf("status %d (%v), want %d", status, err, c.status)
			}
			if p, err := r.PullRequest(n); err != nil || len(p.Comments) != c.stored {
				t.Errorf("%d comments stored, want %d (%v)", len(p.Comments), c.stored, err)
			}
			client.must(c.second, "POST", path, map[string]any{"body": "second"})
		})
	}
}

func with(f Fault, times int) Fault {
	f.Times = times
	return f
}

func TestListHidesTheNewest(t *testing.T) {
	s, r, id := start(t)
	change(t, r)
	client := ask(t, s, id)
	const path = "/repos/acme/shop/issues/1/comments"
	client.must(http.StatusCreated, "POST", path, map[string]any{"body": "first"})
	client.must(http.StatusCreated, "POST", path, map[string]any{"body": "second"})
	s.Fault("issues/list-comments", Fault{HideNewest: 1, Times: 1})
	if got := string(client.must(http.StatusOK, "GET", path, nil)); !strings.Contains(got, "first") || strings.Contains(got, "second") {
		t.Errorf("listed %s", got)
	}
	if got := string(client.must(http.StatusOK, "GET", path, nil)); !strings.Contains(got, "second") {
		t.Errorf("the second time it listed %s", got)
	}
}

func TestHourUsedUp(t *testing.T) {
	s, _, id := startWith(t, Options{RateLimit: 2})
	client := ask(t, s, id)
	client.must(http.StatusOK, "GET", "/repos/acme/shop", nil)
	client.must(http.StatusOK, "GET", "/rate_limit", nil)
	client.must(http.StatusOK, "GET", "/repos/acme/shop", nil)
	client.must(http.StatusForbidden, "GET", "/repos/acme/shop", nil)
}

// TestHookIsGivenUp has a receiver that does not answer in time: the delivery has failed and nothing repeats it.
func TestHookIsGivenUp(t *testing.T) {
	s, r, _ := startWith(t, Options{HookTimeout: 50 * time.Millisecond})
	hang := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer hook.Close()
	defer close(hang)
	s.SetWebhook(hook.URL, "")
	commit(t, r, "main", map[string]*string{"a": new("a")})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if d := s.Deliveries(); len(d) != 1 || d[0].Status != "timed out" || d[0].StatusCode != 0 {
		t.Errorf("deliveries %+v", d)
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	s, _, id := start(t)
	client := ask(t, s, id)
	s.Fault("git/get-ref", Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/repos/acme/shop/git/ref/heads/main", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+client.token)
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
		t.Errorf("answered %s", answer.Status)
	}
}
