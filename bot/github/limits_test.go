package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// reply is an answer with a body and headers, given as name and value.
func reply(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// wireFunc is what is at the other end of a transport.
type wireFunc func(*http.Request) (*http.Response, error)

func (f wireFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// limitedBy is a limiter before an end of the wire, with GitHub's pace.
func limitedBy(end wireFunc) *limiter {
	return &limiter{limits: (&App{limits: map[int64]*limits{}}).limitsOf(3), interval: time.Second, next: end}
}

// send sends a request that does what op says, and closes the answer.
func send(t *testing.T, l *limiter, method string, op operation) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithValue(t.Context(), operationKey{}, op), method, "http://github.test/x", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := l.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

var (
	creating = operation{write: true, creates: true}
	changing = operation{write: true}
)

func TestLimits(t *testing.T) {
	in := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	for _, c := range []struct {
		name   string
		answer func() *http.Response
		until  time.Duration // 0 is no limit
	}{
		{"primary, 403", func() *http.Response {
			return reply(403, `{"message":"API rate limit exceeded for installation ID 3."}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute))
		}, 20 * time.Minute},
		{"primary, 429", func() *http.Response {
			return reply(429, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute))
		}, 20 * time.Minute},
		{"secondary with Retry-After", func() *http.Response {
			return reply(403, `{"message":"You have exceeded a secondary rate limit."}`, "Retry-After", "90", "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", in(20*time.Minute))
		}, 90 * time.Second},
		{"secondary without", func() *http.Response {
			return reply(403, `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`, "X-RateLimit-Remaining", "4000")
		}, time.Minute},
		{"bare 429", func() *http.Response { return reply(429, "slow down") }, time.Minute},
		{"reset in the past", func() *http.Response {
			return reply(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(-time.Minute))
		}, time.Minute},
		{"absurd Retry-After", func() *http.Response { return reply(429, "", "Retry-After", "999999") }, time.Hour},
		{"last one of the hour", func() *http.Response {
			return reply(200, "{}", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(5*time.Minute))
		}, 5 * time.Minute},
		{"missing right", func() *http.Response {
			return reply(403, `{"message":"Resource not accessible by integration"}`, "X-RateLimit-Remaining", "4000")
		}, 0},
		{"not found", func() *http.Response { return reply(404, `{"message":"Not Found"}`) }, 0},
		{"fine", func() *http.Response {
			return reply(200, "{}", "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", in(time.Minute))
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				l := limitedBy(func(*http.Request) (*http.Response, error) { sent++; return c.answer(), nil })
				began := time.Now()
				status, err := send(t, l, http.MethodGet, operation{})
				if err != nil {
					checkLimit(t, err, began.Add(c.until))
				} else if c.until > 0 && status != 200 {
					t.Errorf("the limit came back as an answer %d", status)
				}
				_, err = send(t, l, http.MethodGet, operation{})
				if c.until == 0 {
					if err != nil || sent != 2 {
						t.Errorf("second: %v after %d requests", err, sent)
					}
					return
				}
				checkLimit(t, err, began.Add(c.until))
				if sent != 1 {
					t.Errorf("%d requests were sent before the limit had passed", sent)
				}
				if time.Now() != began {
					t.Errorf("the caller slept for %s", time.Since(began))
				}
				time.Sleep(c.until)
				if _, err := send(t, l, http.MethodGet, operation{}); sent != 2 {
					t.Errorf("nothing was sent after the limit had passed: %v", err)
				}
			})
		})
	}
}

func checkLimit(t *testing.T, err error, until time.Time) {
	t.Helper()
	var limit *LimitError
	if !errors.As(err, &limit) {
		t.Errorf("got %v, want a limit", err)
		return
	}
	if off := limit.Until.Sub(until); off > time.Second || off < -time.Second || limit.Installation != 3 {
		t.Errorf("limit of %d until %s, want %s", limit.Installation, limit.Until, until)
	}
}

func TestUnexplainedLimitsDouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := 429
		l := limitedBy(func(*http.Request) (*http.Response, error) { return reply(status, ""), nil })
		for _, want := range []time.Duration{1, 2, 4, 8} {
			_, err := send(t, l, http.MethodGet, operation{})
			checkLimit(t, err, time.Now().Add(want*time.Minute))
			time.Sleep(want * time.Minute)
		}
		status = 200
		if _, err := send(t, l, http.MethodGet, operation{}); err != nil {
			t.Fatal(err)
		}
		status = 429
		_, err := send(t, l, http.MethodGet, operation{})
		checkLimit(t, err, time.Now().Add(time.Minute))
	})
}

func TestFaults(t *testing.T) {
	broken := errors.New("connection reset by peer")
	for _, c := range []struct {
		name   string
		op     operation
		faults int // before it works
		fails  func() (*http.Response, error)
		sent   int
		ok     bool
	}{
		{"reading, once", operation{}, 1, func() (*http.Response, error) { return reply(502, ""), nil }, 2, true},
		{"reading, twice", operation{}, 2, func() (*http.Response, error) { return nil, broken }, 3, true},
		{"reading, always", operation{}, 9, func() (*http.Response, error) { return reply(503, ""), nil }, 3, false},
		{"writing, error", creating, 1, func() (*http.Response, error) { return reply(500, ""), nil }, 1, false},
		{"writing, answer lost", changing, 1, func() (*http.Response, error) { return nil, broken }, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				l := limitedBy(func(req *http.Request) (*http.Response, error) {
					sent++
					if body, err := io.ReadAll(req.Body); err != nil || string(body) != "{}" {
						t.Errorf("body %q, %v", body, err)
					}
					if sent <= c.faults {
						return c.fails()
					}
					return reply(200, ""), nil
				})
				began := time.Now()
				status, err := send(t, l, http.MethodPost, c.op)
				if sent != c.sent || (err == nil && status == 200) != c.ok {
					t.Errorf("sent %d times, got %d, %v", sent, status, err)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestFaultsEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		sent := 0
		l := limitedBy(func(*http.Request) (*http.Response, error) { sent++; cancel(); return reply(502, ""), nil })
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://github.test/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := l.RoundTrip(req); err == nil {
			answer.Body.Close()
		}
		if sent != 1 {
			t.Errorf("sent %d times", sent)
		}
	})
}

func TestWritesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began, writing := time.Now(), 0
		l := limitedBy(func(req *http.Request) (*http.Response, error) {
			if operationOf(req).write {
				if writing++; writing > 1 {
					t.Error("two writes at once")
				}
				at = append(at, time.Since(began))
				time.Sleep(300 * time.Millisecond)
				writing--
			}
			return reply(200, ""), nil
		})
		done := make(chan error)
		for range 3 {
			go func() {
				_, err := send(t, l, http.MethodPatch, changing)
				done <- err
			}()
		}
		if _, err := send(t, l, http.MethodGet, operation{}); err != nil || time.Now() != began {
			t.Errorf("a reading request waited %s, %v", time.Since(began), err)
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for i, want := range []time.Duration{0, 1300 * time.Millisecond, 2600 * time.Millisecond} {
			if at[i] != want {
				t.Errorf("write %d at %s, want %s", i, at[i], want)
			}
		}
	})
}

func TestCreatingHasABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		l := limitedBy(func(*http.Request) (*http.Response, error) { sent++; return reply(201, ""), nil })
		began := time.Now()
		for range createdMinute {
			if _, err := send(t, l, http.MethodPost, creating); err != nil {
				t.Fatal(err)
			}
		}
		_, err := send(t, l, http.MethodPost, creating)
		checkLimit(t, err, began.Add(time.Minute))
		if _, err := send(t, l, http.MethodPatch, changing); err != nil {
			t.Errorf("a change counts as creating: %v", err)
		}
		if _, err := send(t, l, http.MethodGet, operation{}); err != nil {
			t.Errorf("reading is held up: %v", err)
		}
		for time.Since(began) < 59*time.Minute {
			if _, err := send(t, l, http.MethodPost, creating); err != nil {
				var limit *LimitError
				if !errors.As(err, &limit) || !limit.Until.After(time.Now()) {
					t.Fatal(err)
				}
				time.Sleep(time.Until(limit.Until))
			}
		}
		if sent != createdHour+2 {
			t.Errorf("%d creating requests in an hour, want %d", sent-2, createdHour)
		}
	})
}
