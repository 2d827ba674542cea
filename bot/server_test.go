package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/queue"
	"github.com/kustodian/kustodian/bot/review/memory"
)

func openQueue(t *testing.T) *queue.Queue {
	t.Helper()
	q, err := queue.Open(context.Background(), queue.Options{Folder: t.TempDir(), Grace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// From a delivery over the wire to the job, the metrics, and the end.
func TestServer(t *testing.T) {
	q := openQueue(t)
	discard := slog.New(slog.DiscardHandler)
	worked := make(chan Key, 1)
	hook := newWebhook(q.Add)
	s := &Server{
		Queue: q, Webhook: hook, Metrics: NewMetrics(q), Log: discard,
		Work: func(_ context.Context, key Key) error {
			worked <- key
			return nil
		},
		Sweeper: &Sweeper{Repositories: func(context.Context) ([]Installed, error) { return nil, nil }, State: q, Add: q.Add, Log: discard},
		Cleaner: &Cleaner{Mirrors: t.TempDir(), Log: discard},
	}
	webhook, metrics := listen(t), listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, webhook, metrics) }()

	r := delivery("pull_request", opened)
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", webhook.Addr().String()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusAccepted {
		t.Fatalf("answered %d, %v", answer.StatusCode, err)
	}
	if key := <-worked; key != (Key{Installation: 1, Owner: "acme", Repo: "shop", Kind: Pull, Number: 7}) {
		t.Errorf("worked on %+v", key)
	}
	s.Metrics.Built("overlays/prod")
	page := "http://" + metrics.Addr().String()
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/metrics": "kustodian_builds_total 1\n"} {
		if status, body := get(t, page+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if _, body := get(t, page+"/metrics"); !strings.Contains(body, `kustodian_deliveries_total{code="202"} 1`) || strings.Contains(body, "shop") {
		t.Errorf("metrics:\n%s", body)
	}
	if status, _ := get(t, "http://"+webhook.Addr().String()+"/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics on the webhook's port: %d", status)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, page+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("ready without a queue: %d", status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestServerFails(t *testing.T) {
	q := openQueue(t)
	discard := slog.New(slog.DiscardHandler)
	s := &Server{
		Queue: q, Webhook: newWebhook(q.Add), Metrics: NewMetrics(q), Log: discard,
		Sweeper: &Sweeper{Repositories: func(context.Context) ([]Installed, error) { return nil, errors.New("away") }, Log: discard},
		Cleaner: &Cleaner{Mirrors: t.TempDir(), Log: discard},
	}
	closed := listen(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background(), closed, listen(t)); err == nil || !strings.HasPrefix(err.Error(), "serving the webhook: ") {
		t.Errorf("got %v", err)
	}
}

func TestSweeper(t *testing.T) {
	q := openQueue(t)
	var jobs stored
	s := &Sweeper{State: q, Add: jobs.add, Log: slog.New(slog.DiscardHandler)}
	monday := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	installed := []Installed{{Installation: 1, Owner: "acme", Repo: "shop", Sweep: config.Sweep{Schedule: "0 6 * * 1", Timezone: "UTC"}}}
	s.Repositories = func(context.Context) ([]Installed, error) { return installed, nil }
	for _, c := range []struct {
		after time.Duration
		want  int
	}{
		{0, 1},                  // never swept
		{30 * time.Minute, 1},   // 05:30
		{60 * time.Minute, 2},   // 06:00, due
		{61 * time.Minute, 2},   // done already
		{8 * 24 * time.Hour, 3}, // a week on
		{20 * 24 * time.Hour, 4},
	} {
		if err := s.sweep(context.Background(), monday.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if len(jobs) != c.want {
			t.Errorf("after %v: %v; want %d", c.after, jobs, c.want)
		}
	}
	if jobs[0] != "1/acme/shop/sweep " {
		t.Errorf("added %q", jobs[0])
	}

	jobs, s.Default = nil, "off"
	installed = append(installed[:0], Installed{Installation: 1, Owner: "acme", Repo: "off"},
		Installed{Installation: 1, Owner: "acme", Repo: "wrong", Sweep: config.Sweep{Schedule: "never"}},
		Installed{Installation: 1, Owner: "acme", Repo: "zone", Sweep: config.Sweep{Schedule: "0 6 * * *", Timezone: "Europe/Berlin"}})
	err := s.sweep(context.Background(), monday)
	if err == nil || !strings.Contains(err.Error(), `acme/wrong: schedule "never"`) {
		t.Errorf("a wrong schedule: %v", err)
	}
	if len(jobs) != 1 || jobs[0] != "1/acme/zone/sweep " {
		t.Errorf("added %v; want zone alone", jobs)
	}
}

func TestWeeklySpread(t *testing.T) {
	s := &Sweeper{}
	at := map[time.Time]bool{}
	sunday := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i := range 100 {
		schedule, err := s.schedule(Installed{Owner: "acme", Repo: fmt.Sprint("repository-", i)})
		if err != nil {
			t.Fatal(err)
		}
		at[schedule.Next(sunday)] = true
	}
	if len(at) < 90 {
		t.Errorf("100 repositories are swept at %d times", len(at))
	}
}

func TestCleaner(t *testing.T) {
	folder := t.TempDir()
	var forgotten []string
	covered := map[int64][]string{1: {"Acme/Shop"}, 2: {}}
	c := &Cleaner{
		Mirrors: folder, Log: slog.New(slog.DiscardHandler),
		Covered: func(_ context.Context, id int64) ([]string, error) {
			if id == 3 {
				return nil, errors.New("GitHub is away")
			}
			return covered[id], nil
		},
		Forget: func(_ context.Context, prefix string) error {
			forgotten = append(forgotten, prefix)
			return nil
		},
		Answers: &memory.Store{Dir: filepath.Join(t.TempDir(), "answers"), Size: 1 << 20},
		Remotes: &mirror.Remotes{Dir: filepath.Join(t.TempDir(), "remotes")},
	}
	path := func(id int64, owner, repo string) string {
		return MirrorPath(folder, Key{Installation: id, Owner: owner, Repo: repo})
	}
	for _, p := range []string{path(1, "acme", "shop"), path(1, "acme", "gone"), path(2, "beta", "web"), path(3, "gamma", "kept")} {
		keepAnswer(t, c, p)
	}
	for _, installation := range []string{"1", "2"} {
		if _, err := mirror.Open(filepath.Join(c.Remotes.Folder(installation), "base")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.all(context.Background(), time.Now()); err == nil || !strings.Contains(err.Error(), "GitHub is away") {
		t.Errorf("got %v; want the fault of installation 3", err)
	}
	for p, kept := range map[string]bool{path(1, "acme", "shop"): true, path(1, "acme", "gone"): false, path(2, "beta", "web"): false, path(3, "gamma", "kept"): true} {
		if _, err := os.Stat(p); (err == nil) != kept || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is kept: %v; want %v", p, err == nil, kept)
		}
	}
	for installation, kept := range map[string]bool{"1": true, "2": false} {
		if _, err := os.Stat(filepath.Join(c.Remotes.Folder(installation), "base")); (err == nil) != kept {
			t.Errorf("the remote bases of installation %s are kept: %v; want %v", installation, err == nil, kept)
		}
	}
	if n := answerFiles(t, c); n != 2 {
		t.Errorf("answers of %d repositories are kept; want those of 2", n)
	}
	if got := strings.Join(forgotten, " "); got != "1/acme/gone/ 2/" {
		t.Errorf("forgot %q", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "2")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of installation 2 is there: %v", err)
	}
	// A month later nobody has used what is left.
	if err := c.all(context.Background(), time.Now().Add(31*24*time.Hour)); err == nil {
		t.Error("no fault of installation 3")
	}
	if _, err := os.Stat(path(1, "acme", "shop")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unused mirror is there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(c.Remotes.Folder("1"), "base")); err == nil {
		t.Error("an unused remote base is there")
	}
	if n := answerFiles(t, c); n != 0 {
		t.Errorf("answers of %d unused repositories are kept", n)
	}
}

// keepAnswer makes a mirror and keeps an answer about its repository.
func keepAnswer(t *testing.T, c *Cleaner, path string) {
	t.Helper()
	m, err := mirror.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	below, err := filepath.Rel(c.Mirrors, path)
	if err != nil {
		t.Fatal(err)
	}
	tenant, _, _ := strings.Cut(filepath.ToSlash(below), "/")
	repository, err := c.Answers.Open(tenant, m.Path())
	if err != nil {
		t.Fatal(err)
	}
	repository.Keep([]byte("question"), memory.Answer{Text: []byte("answer")})
	if err := c.Answers.Save(repository); err != nil {
		t.Fatal(err)
	}
}

// answerFiles is of how many repositories there are answers.
func answerFiles(t *testing.T, c *Cleaner) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.Answers.Dir, "*.answers"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
