package bot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const (
	repositoryJSON = `"installation":{"id":1},"repository":{"name":"Shop","owner":{"login":"Acme"},"default_branch":"main"},"sender":{"login":"ann","type":"User"}`
	opened         = `{"action":"opened","number":7,` + repositoryJSON + `}`
)

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// stored are the jobs that were added, as "key delivery".
type stored []string

func (s *stored) add(_ context.Context, key, delivery string) error {
	*s = append(*s, key+" "+delivery)
	return nil
}

func newWebhook(add func(context.Context, string, string) error) *Webhook {
	return &Webhook{AppID: 42, Secrets: []string{"new", "old"}, Accounts: []string{"acme"}, Add: add, Log: slog.New(slog.DiscardHandler)}
}

// delivery is a good one; cases spoil it.
func delivery(event, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "guid")
	r.Header.Set("X-GitHub-Hook-Installation-Target-ID", "42")
	r.Header.Set("X-Hub-Signature-256", sign("new", body))
	return r
}

func TestWebhookRefuses(t *testing.T) {
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	large := `{"pad":"` + strings.Repeat("x", largestBody) + `"}`
	for _, c := range []struct {
		name, body string
		spoil      func(*http.Request)
		want       int
	}{
		{"good", opened, func(*http.Request) {}, 202},
		{"the old secret", opened, set("X-Hub-Signature-256", sign("old", opened)), 202},
		{"a charset", opened, set("Content-Type", "application/json; charset=utf-8"), 202},
		{"not posted", opened, func(r *http.Request) { r.Method = http.MethodGet }, 405},
		{"a form", opened, set("Content-Type", "application/x-www-form-urlencoded"), 400},
		{"no content type", opened, set("Content-Type", ""), 400},
		{"too large", large, func(*http.Request) {}, 413},
		{"unsigned", opened, set("X-Hub-Signature-256", ""), 401},
		{"another secret", opened, set("X-Hub-Signature-256", sign("guess", opened)), 401},
		{"an empty secret", opened, set("X-Hub-Signature-256", sign("", opened)), 401},
		{"SHA-1 only", opened, func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1=00")
		}, 401},
		{"another body", opened, set("X-Hub-Signature-256", sign("new", opened+" ")), 401},
		{"another App", opened, set("X-GitHub-Hook-Installation-Target-ID", "43"), 401},
		{"no App", opened, set("X-GitHub-Hook-Installation-Target-ID", ""), 401},
		{"not JSON, unsigned", "{", set("X-Hub-Signature-256", ""), 401},
		{"not JSON", "{", func(*http.Request) {}, 400},
		{"no installation", `{"action":"opened","number":7}`, func(*http.Request) {}, 400},
		{"no number", strings.Replace(opened, `"number":7,`, "", 1), func(*http.Request) {}, 400},
		{"an unknown event", opened, set("X-GitHub-Event", "star"), 202},
		{"an unknown event that is no JSON", "[", set("X-GitHub-Event", "star"), 202},
	} {
		t.Run(c.name, func(t *testing.T) {
			var jobs stored
			r := delivery("pull_request", c.body)
			c.spoil(r)
			w := httptest.NewRecorder()
			newWebhook(jobs.add).ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("answered %d: %s; want %d", w.Code, w.Body, c.want)
			}
			want := 0
			if c.want == 202 && r.Header.Get("X-GitHub-Event") != "star" {
				want = 1
			}
			if len(jobs) != want {
				t.Errorf("stored %v; want %d", jobs, want)
			}
		})
	}
}

func TestWebhookAway(t *testing.T) {
	w := httptest.NewRecorder()
	newWebhook(func(context.Context, string, string) error { return errors.New("away") }).ServeHTTP(w, delivery("pull_request", opened))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "away") {
		t.Errorf("answered %d: %s; want 503 and no detail", w.Code, w.Body)
	}
}

func TestNoSecret(t *testing.T) {
	var jobs stored
	h := newWebhook(jobs.add)
	h.Secrets = []string{""}
	w := httptest.NewRecorder()
	r := delivery("pull_request", opened)
	r.Header.Set("X-Hub-Signature-256", sign("", opened))
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("answered %d; want 401", w.Code)
	}
}

func TestEvents(t *testing.T) {
	body := func(text string) string { return "{" + text + "," + repositoryJSON + "}" }
	for _, c := range []struct{ name, event, body, want string }{
		{"opened", "pull_request", opened, "1/acme/shop/pull/7 guid"},
		{"pushed to", "pull_request", body(`"action":"synchronize","number":7`), "1/acme/shop/pull/7 guid"},
		{"reopened", "pull_request", body(`"action":"reopened","number":7`), "1/acme/shop/pull/7 guid"},
		{"no draft any more", "pull_request", body(`"action":"ready_for_review","number":7`), "1/acme/shop/pull/7 guid"},
		{"closed", "pull_request", body(`"action":"closed","number":7`), "1/acme/shop/pull/7 guid"},
		{"another base", "pull_request", body(`"action":"edited","number":7,"changes":{"base":{}}`), "1/acme/shop/pull/7 guid"},
		{"another title", "pull_request", body(`"action":"edited","number":7,"changes":{"title":{}}`), ""},
		{"labeled", "pull_request", body(`"action":"labeled","number":7`), ""},
		{"pushed to the default branch", "push", body(`"ref":"refs/heads/main"`), "1/acme/shop/sweep guid"},
		{"pushed to another branch", "push", body(`"ref":"refs/heads/feature"`), ""},
		{"pushed a tag", "push", body(`"ref":"refs/tags/main"`), ""},
		{"deleted the default branch", "push", body(`"ref":"refs/heads/main","deleted":true`), ""},
		{"run again", "check_run", body(`"action":"rerequested","check_run":{"app":{"id":42},"pull_requests":[{"number":7},{"number":8}]}`), "1/acme/shop/pull/7 guid\n1/acme/shop/pull/8 guid/1"},
		{"run again in a fork", "check_run", body(`"action":"rerequested","check_run":{"app":{"id":42},"external_id":"acme/shop#7@abc","pull_requests":[]}`), "1/acme/shop/pull/7 guid"},
		{"run again on the default branch", "check_run", body(`"action":"rerequested","check_run":{"app":{"id":42},"external_id":"acme/shop@abc"}`), "1/acme/shop/sweep guid"},
		{"another App's run again", "check_run", body(`"action":"rerequested","check_run":{"app":{"id":1},"pull_requests":[{"number":7}]}`), ""},
		{"a run ended", "check_run", body(`"action":"completed","check_run":{"app":{"id":42},"pull_requests":[{"number":7}]}`), ""},
		{"a merge group", "merge_group", body(`"action":"checks_requested","merge_group":{"head_sha":"abc"}`), "1/acme/shop/merge-group/abc guid"},
		{"a merge group is gone", "merge_group", body(`"action":"destroyed","merge_group":{"head_sha":"abc"}`), ""},
		{"a command", "issue_comment", body(`"action":"created","issue":{"number":7,"pull_request":{}},"comment":{"id":99,"body":"/kustodian fix\r\nplease"}`), "1/acme/shop/comment/7-99 guid"},
		{"a command on an issue", "issue_comment", body(`"action":"created","issue":{},"comment":{"id":99,"body":"/kustodian fix"}`), ""},
		{"an edited comment", "issue_comment", body(`"action":"edited","issue":{"pull_request":{}},"comment":{"id":99,"body":"/kustodian fix"}`), ""},
		{"other words", "issue_comment", body(`"action":"created","issue":{"pull_request":{}},"comment":{"id":99,"body":"try /kustodian fix"}`), ""},
		{"a bot's comment", "issue_comment", strings.Replace(body(`"action":"created","issue":{"pull_request":{}},"comment":{"id":99,"body":"/kustodian fix"}`), `"User"`, `"Bot"`, 1), ""},
		{"uninstalled", "installation", `{"action":"deleted","installation":{"id":1,"account":{"login":"acme"}}}`, "1/cleanup guid"},
		{"a repository was removed", "installation_repositories", `{"action":"removed","installation":{"id":1,"account":{"login":"acme"}}}`, "1/cleanup guid"},
		{"ping", "ping", `{"zen":"x"}`, ""},
		{"another account", "pull_request", strings.Replace(opened, "Acme", "evil", 1), ""},
		{"another account's installation", "installation", `{"action":"deleted","installation":{"id":1,"account":{"login":"evil"}}}`, ""},
		{"a name that is none", "pull_request", strings.Replace(opened, "Shop", "shop/pull/8/x", 1), "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var jobs stored
			w := httptest.NewRecorder()
			newWebhook(jobs.add).ServeHTTP(w, delivery(c.event, c.body))
			if c.want == "refused" {
				if w.Code != http.StatusBadRequest || len(jobs) > 0 {
					t.Errorf("answered %d, stored %v; want 400", w.Code, jobs)
				}
				return
			}
			if w.Code != http.StatusAccepted {
				t.Errorf("answered %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(c.want, strings.Join(jobs, "\n")); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// The App asks GitHub for the events that it understands, and for no others.
func TestAppEvents(t *testing.T) {
	text, err := os.ReadFile("../app.yml")
	if err != nil {
		t.Fatal(err)
	}
	var app struct {
		Events []string `yaml:"default_events"`
	}
	if err := yaml.Unmarshal(text, &app); err != nil {
		t.Fatal(err)
	}
	var want []string
	for name := range events {
		if !strings.HasPrefix(name, "installation") { // sent to every App, and not to be asked for
			want = append(want, name)
		}
	}
	slices.Sort(want)
	slices.Sort(app.Events)
	if diff := cmp.Diff(want, app.Events); diff != "" {
		t.Errorf("default_events of app.yml (-want +got):\n%s", diff)
	}
}

func TestEverybody(t *testing.T) {
	var jobs stored
	h := newWebhook(jobs.add)
	h.Accounts = []string{"*"}
	h.ServeHTTP(httptest.NewRecorder(), delivery("pull_request", opened))
	if len(jobs) != 1 {
		t.Errorf("stored %v; want one", jobs)
	}
}

func TestParseKey(t *testing.T) {
	for _, text := range []string{"1/acme/shop/pull/7", "1/acme/shop/sweep", "1/acme/shop/merge-group/abc", "1/acme/shop/comment/7-99", "1/cleanup"} {
		if key, err := ParseKey(text); err != nil || key.String() != text {
			t.Errorf("ParseKey(%q): %s, %v", text, key, err)
		}
	}
	for _, text := range []string{"", "1", "x/cleanup", "0/cleanup", "-1/cleanup", "1/acme/shop", "1/acme/shop/pull", "1/acme/shop/pull/x", "1/acme/shop/pull/7/8", "1/acme/shop/sweep/1", "1/acme/shop/dance/1", "1//shop/sweep", "1/acme/shop/merge-group/"} {
		if key, err := ParseKey(text); err == nil {
			t.Errorf("ParseKey(%q): %+v; want an error", text, key)
		}
	}
}
