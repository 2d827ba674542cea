package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

var hookSteps = []step{
	{"a webhook is signed and has its headers", hookSigned},
	{"a webhook that failed is not sent again until it is asked for", hookRedelivered},
}

// suspendSteps come last: they end what the installation's tokens can do.
var suspendSteps = []step{
	{"a suspended installation is 403", suspended},
}

// delivery is a webhook as it came in.
type delivery struct {
	header http.Header
	body   []byte
}

// receive hands over the webhooks that come in, answering each with a status.
func receive(t *testing.T, k *kit, status int) (<-chan delivery, string) {
	t.Helper()
	if k.target.Hook == nil {
		t.Skip("the App's webhooks cannot be sent here")
	}
	got := make(chan delivery, 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a webhook: %v", err)
		}
		w.WriteHeader(status)
		got <- delivery{r.Header, body}
	}))
	secret := k.target.Hook(server.URL)
	t.Cleanup(func() {
		k.target.Hook("")
		server.Close()
	})
	return got, secret
}

// next is the next webhook of an event.
func next(t *testing.T, got <-chan delivery, event string) delivery {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case d := <-got:
			if d.header.Get("X-GitHub-Event") == event {
				return d
			}
		case <-timeout:
			t.Fatalf("no %s came", event)
		}
	}
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// hookSigned makes a comment, so that what comes back is what the App itself did.
func hookSigned(t *testing.T, k *kit) {
	got, secret := receive(t, k, http.StatusAccepted)
	k.want(t, http.StatusCreated, k.post(fmt.Sprintf("/issues/%d/comments", k.number), map[string]any{"body": "conformance"}))
	d := next(t, got, "issue_comment")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(d.body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); d.header.Get("X-Hub-Signature-256") != want {
		t.Errorf("signed %s, want %s", d.header.Get("X-Hub-Signature-256"), want)
	}
	for _, name := range []string{"X-GitHub-Hook-ID", "X-GitHub-Hook-Installation-Target-ID", "X-GitHub-Hook-Installation-Target-Type"} {
		if d.header.Get(name) == "" {
			t.Errorf("a webhook has no %s", name)
		}
	}
	if !strings.HasPrefix(d.header.Get("User-Agent"), "GitHub-Hookshot/") || !guid.MatchString(d.header.Get("X-GitHub-Delivery")) {
		t.Errorf("user agent %q, delivery %q", d.header.Get("User-Agent"), d.header.Get("X-GitHub-Delivery"))
	}
	var payload struct{ Sender struct{ Login, Type string } }
	if err := json.Unmarshal(d.body, &payload); err != nil {
		t.Fatalf("reading a webhook: %v", err)
	}
	if !strings.HasSuffix(payload.Sender.Login, "[bot]") || payload.Sender.Type != "Bot" {
		t.Errorf("the App's own comment came from %+v", payload.Sender)
	}
}

func hookRedelivered(t *testing.T, k *kit) {
	got, _ := receive(t, k, http.StatusServiceUnavailable)
	k.want(t, http.StatusCreated, k.post(fmt.Sprintf("/issues/%d/comments", k.number), map[string]any{"body": "conformance"}))
	first := next(t, got, "issue_comment").header.Get("X-GitHub-Delivery")
	app := k.as(k.appToken(k.target.App, -30*time.Second, 5*time.Minute))
	id := k.failed(t, app, first)
	k.want(t, http.StatusAccepted, app.request(http.MethodPost, fmt.Sprintf("/app/hook/deliveries/%d/attempts", id), nil))
	if again := next(t, got, "issue_comment").header.Get("X-GitHub-Delivery"); again != first {
		t.Errorf("delivered as %s, again as %s", first, again)
	}
}

// failed waits until a delivery is listed as failed and gives its id; it stands there once, as nothing repeats it.
func (k *kit) failed(t *testing.T, app client, guid string) int64 {
	t.Helper()
	for range 100 {
		var list []struct {
			ID         int64
			GUID       string
			StatusCode int `json:"status_code"`
		}
		k.want(t, http.StatusOK, app.request(http.MethodGet, "/app/hook/deliveries?per_page=100", nil)).into(t, &list)
		var found []int64
		for _, d := range list {
			if d.GUID == guid && d.StatusCode == http.StatusServiceUnavailable {
				found = append(found, d.ID)
			}
		}
		if len(found) > 1 {
			t.Fatalf("delivered %d times", len(found))
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	t.Fatalf("delivery %s is not listed as failed", guid)
	return 0
}

func suspended(t *testing.T, k *kit) {
	if k.target.Suspend == nil {
		t.Skip("the installation cannot be suspended here")
	}
	if err := k.target.Suspend(true); err != nil {
		t.Fatal(err)
	}
	k.want(t, http.StatusForbidden, k.mintAnswer(k.target, nil)).says(t, "This installation has been suspended")
	app := k.as(k.appToken(k.target.App, -30*time.Second, 5*time.Minute))
	var list []struct {
		ID          int64
		SuspendedAt *time.Time `json:"suspended_at"`
	}
	k.want(t, http.StatusOK, app.request(http.MethodGet, "/app/installations", nil)).into(t, &list)
	for _, i := range list {
		if i.ID == k.target.Installation && i.SuspendedAt == nil {
			t.Error("the installation is not listed as suspended")
		}
	}
	if err := k.target.Suspend(false); err != nil {
		t.Fatal(err)
	}
}
