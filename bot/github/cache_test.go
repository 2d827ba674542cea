package github

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestConditionalRequests follows one URL through answers that are remembered, and tokens that change.
func TestConditionalRequests(t *testing.T) {
	remembered := newCache(1 << 20)
	body := "one"
	end := wireFunc(func(req *http.Request) (*http.Response, error) {
		etag := fmt.Sprintf("%q", body+req.Header.Get("Authorization"))
		if req.Header.Get("If-None-Match") == etag {
			return reply(http.StatusNotModified, "", "X-RateLimit-Remaining", "9"), nil
		}
		if asked := req.Header.Get("If-None-Match"); asked != "" && !strings.Contains(asked, req.Header.Get("Authorization")) {
			t.Errorf("%q is asked of with the token %q", asked, req.Header.Get("Authorization"))
		}
		return reply(http.StatusOK, body, "ETag", etag, "Link", "<next>", "X-Sent", "yes", "X-RateLimit-Remaining", "10"), nil
	})
	for i, c := range []struct {
		installation int64
		token, body  string
		left         string // that GitHub says remains: 9 only where the cache answered
	}{
		{3, "t1", "one", "10"},
		{3, "t1", "one", "9"},
		{3, "t2", "one", "10"}, // a new token: the old ETag is worth nothing
		{3, "t2", "one", "9"},
		{4, "t2", "one", "10"}, // never across installations
		{3, "t2", "two", "10"}, // it changed
		{3, "t2", "two", "9"},
	} {
		body = c.body
		req, err := http.NewRequest(http.MethodGet, "http://github.test/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", c.token)
		answer, err := (&conditional{cache: remembered, installation: c.installation, next: end}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(answer.Body)
		if err != nil || answer.Body.Close() != nil {
			t.Fatal(err)
		}
		if string(raw) != c.body || answer.StatusCode != 200 || answer.Header.Get("Link") != "<next>" || answer.Header.Get("X-RateLimit-Remaining") != c.left {
			t.Errorf("step %d: %d %q %v", i, answer.StatusCode, raw, answer.Header)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(100)
	token := sha256.Sum256(nil)
	for i := range 10 {
		c.put(&entry{key: fmt.Sprint(i), token: token, body: make([]byte, 30)})
		if c.get("0", token) == nil {
			t.Fatalf("the one used last is gone after %d", i)
		}
	}
	if c.size != 90 || len(c.entries) != 3 || c.get("8", token) == nil || c.get("5", token) != nil {
		t.Errorf("%d bytes in %d entries", c.size, len(c.entries))
	}
}

func TestLargeAnswersAreWhole(t *testing.T) {
	large := strings.Repeat("x", entryBytes+10)
	c := &conditional{cache: newCache(cacheBytes), next: wireFunc(func(*http.Request) (*http.Response, error) {
		return reply(http.StatusOK, large, "ETag", `"a"`), nil
	})}
	req, err := http.NewRequest(http.MethodGet, "http://github.test/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(answer.Body)
	if err != nil || string(raw) != large || c.cache.size != 0 {
		t.Errorf("read %d bytes, %v; remembered %d", len(raw), err, c.cache.size)
	}
}
