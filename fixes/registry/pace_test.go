package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// limited answers 429 to the first question about a manifest, and says when
// to ask again.
func limited(after string, asked *atomic.Int32) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return manifests(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut && asked.Add(1) == 1 {
				w.Header().Set("Retry-After", after)
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})(next)
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	var asked atomic.Int32
	asked.Store(1)
	host := serve(t, limited("0", &asked))
	want, _ := push(t, host)
	asked.Store(0)
	c := &Client{Hosts: []string{host}, PlainHTTP: true}
	if got, err := c.For(Asker{}).Resolve(t.Context(), host+"/app:1", ""); err != nil || got.Digest != want {
		t.Errorf("a pause that is over: got %q, error %v; want %q", got.Digest, err, want)
	}

	asked.Store(0)
	host = serve(t, limited("3600", &asked))
	c = &Client{Hosts: []string{host}, PlainHTTP: true}
	for i := range 3 {
		_, err := c.For(Asker{}).Resolve(t.Context(), fmt.Sprintf("%s/app:%d", host, i), "")
		if err == nil || !strings.Contains(err.Error(), "asks not to be asked so often; it may be asked again in 15m0s") {
			t.Errorf("a pause of an hour: got %v", err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the registry was asked %d times, want once in all runs", asked.Load())
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := (&Client{Rate: 10}).pace(paceKey{host: "registry.example.com"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		for range maxAtOnce*maxRequests + 50 {
			if err := p.wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("50 requests beyond the first took %s at 10 a second", took)
		}

		soon, end := context.WithTimeout(ctx, 10*time.Millisecond)
		defer end()
		var rest *restError
		if err := p.wait(soon); !errors.As(err, &rest) {
			t.Errorf("a turn that comes too late: got %v", err)
		}

		response := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"20"}}}
		p.heed(response)
		start = time.Now()
		if err := p.wait(ctx); err != nil || time.Since(start) != 20*time.Second {
			t.Errorf("a pause of 20 s took %s, error %v", time.Since(start), err)
		}
		response.Header.Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		p.heed(response)
		if err := p.wait(ctx); !errors.As(err, &rest) || rest.Until != time.Now().Add(maxRest) {
			t.Errorf("a pause of an hour: got %v, want one of %s", err, maxRest)
		}

		for range maxAtOnce {
			if _, err := p.begin(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one question too many: got %v", err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"0": 0, "30": 30 * time.Second, "99999999999": maxRest, "Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got, ok := retryAfter(header, now); !ok || got != want {
			t.Errorf("%s: got %s, %t; want %s", header, got, ok, want)
		}
	}
	for _, header := range []string{"", "-1", "soon", "1.5"} {
		if got, ok := retryAfter(header, now); ok {
			t.Errorf("%q: got %s", header, got)
		}
	}
}
