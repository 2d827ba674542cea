package bot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// largestBody is the size above which GitHub sends no payload.
	largestBody = 25 << 20
	// storeTimeout is for storing a job: GitHub takes a delivery as failed
	// after 10 s, and what failed can be delivered again.
	storeTimeout = 5 * time.Second
)

// A Webhook takes GitHub's deliveries and stores a job for each. It answers
// 202 once that is stored or there is nothing to do, 503 where it cannot be
// stored, and before that refuses what is not a delivery to this App: 405, 400
// for another content type, 413, 401, and 400 for a body that makes no sense.
type Webhook struct {
	AppID    int64
	Secrets  []string // any of them may have signed; none means that nobody can
	Accounts []string // whose deliveries count; "*" is everybody's
	// Add stores a job; see [queue.Queue.Add].
	Add func(ctx context.Context, key, delivery string) error
	Log *slog.Logger
}

// A refusal is why a delivery is not taken.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	said, err := h.take(w, r)
	status := http.StatusAccepted
	var refused *refusal
	if errors.As(err, &refused) {
		status, said = refused.status, refused.why
	}
	h.Log.InfoContext(r.Context(), "delivery", "status", status, "event", r.Header.Get("X-GitHub-Event"),
		"delivery", r.Header.Get("X-GitHub-Delivery"), "answer", said)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, said) // nobody to tell if GitHub has gone
}

// take checks a delivery, stores its jobs and says what it did.
func (h *Webhook) take(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := h.authentic(w, r)
	if err != nil {
		return "", err
	}
	name := r.Header.Get("X-GitHub-Event")
	if name == "ping" {
		return "pong", nil
	}
	if events[name] == nil {
		return fmt.Sprintf("ignored: event %q is not understood", name), nil
	}
	e, keys, err := keysOf(name, body, h.AppID)
	if err != nil {
		return "", &refusal{http.StatusBadRequest, err.Error()}
	}
	if !h.allowed(e.owner()) {
		return "ignored: the account is not among ALLOWED_ACCOUNTS", nil
	}
	if len(keys) == 0 {
		return fmt.Sprintf("ignored: nothing to do for this %s", name), nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	for i, key := range keys {
		delivery := r.Header.Get("X-GitHub-Delivery")
		if i > 0 { // one id stands for one stored job
			delivery += "/" + strconv.Itoa(i)
		}
		if err := h.Add(ctx, key.String(), delivery); err != nil {
			h.Log.ErrorContext(ctx, "storing a job", "job", key.String(), "error", err)
			return "", &refusal{http.StatusServiceUnavailable, "the job could not be stored"}
		}
	}
	return "stored", nil
}

// authentic returns the body of a delivery that GitHub signed for this App.
func (h *Webhook) authentic(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &refusal{http.StatusMethodNotAllowed, "deliveries are posted"}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &refusal{http.StatusBadRequest, "the content type has to be application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "the body is larger than 25 MB"}
	}
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "the body ended early"}
	}
	if !h.signed(body, r.Header.Get("X-Hub-Signature-256")) {
		return nil, &refusal{http.StatusUnauthorized, "no secret of ours signed this"}
	}
	if r.Header.Get("X-GitHub-Hook-Installation-Target-ID") != strconv.FormatInt(h.AppID, 10) {
		return nil, &refusal{http.StatusUnauthorized, "this is for another App"}
	}
	return body, nil
}

func (h *Webhook) signed(body []byte, signature string) bool {
	sum, ok := strings.CutPrefix(signature, "sha256=")
	given, err := hex.DecodeString(sum)
	if !ok || err != nil {
		return false
	}
	return slices.ContainsFunc(h.Secrets, func(secret string) bool {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		return secret != "" && hmac.Equal(mac.Sum(nil), given)
	})
}

func (h *Webhook) allowed(account string) bool {
	return slices.ContainsFunc(h.Accounts, func(a string) bool { return a == "*" || strings.EqualFold(a, account) })
}
