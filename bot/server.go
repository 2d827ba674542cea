package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kustodian/kustodian/bot/queue"
)

// drain is how long requests may still take when the server ends: no longer
// than GitHub waits for an answer.
const drain = 10 * time.Second

// A Server is the App at work.
type Server struct {
	Queue   *queue.Queue
	Webhook *Webhook
	// Work works on one job; [Worker.Work]. It is not asked for [Cleanup].
	Work    func(ctx context.Context, key Key) error
	Sweeper *Sweeper
	Cleaner *Cleaner
	Metrics *Metrics
	Log     *slog.Logger

	ending atomic.Bool
}

// Run serves the webhook and the page of metrics on two listeners, which it
// closes, and works on jobs until ctx ends: then it takes nothing more,
// finishes what runs or gives it back, and returns within 25 s. The error is
// of a listener or the queue that failed before.
func (s *Server) Run(ctx context.Context, webhook, metrics net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hooks := server(s.deliveries())
	pages := server(s.pages())
	var parts sync.WaitGroup
	start := func(name string, run func() error) {
		parts.Go(func() {
			if err := run(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	start("serving the webhook", func() error { return hooks.Serve(webhook) })
	start("serving metrics", func() error { return pages.Serve(metrics) })
	start("working on jobs", func() error { return s.Queue.Work(ctx, s.work) })
	parts.Go(func() { s.Sweeper.Run(ctx) })
	parts.Go(func() { s.Cleaner.Run(ctx) })
	s.Log.Info("serving", "webhook", webhook.Addr().String(), "metrics", metrics.Addr().String())

	<-ctx.Done()
	s.ending.Store(true)
	s.Log.Info("ending: nothing more is taken, what runs is finished or given back")
	s.shutdown(hooks, pages)
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// shutdown ends both servers after the requests that they are at.
func (s *Server) shutdown(servers ...*http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			s.Log.Error("ending a server", "error", errors.Join(err, server.Close()))
		}
	}
}

// server bounds what a client can hold on to. GitHub gives up after 10 s.
func server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      45 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

func (s *Server) deliveries() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhook", s.Metrics.count(s.Webhook))
	return mux
}

func (s *Server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.Metrics.page())
	return mux
}

// ready says no while jobs cannot be stored: what is delivered then is lost
// until somebody delivers it again.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	err := s.Queue.Ready(ctx)
	if s.ending.Load() {
		err = errors.New("ending")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// work works on one job and tells how it went.
func (s *Server) work(ctx context.Context, text string) error {
	key, err := ParseKey(text)
	if err != nil {
		s.Log.ErrorContext(ctx, "dropping a job", "error", err)
		return nil
	}
	began := time.Now()
	if key.Kind == Cleanup {
		err = s.Cleaner.Clean(ctx, key.Installation)
	} else {
		err = s.Work(ctx, key)
	}
	outcome := "done"
	var park *queue.Park
	switch {
	case errors.As(err, &park):
		outcome = "parked"
		s.Log.InfoContext(ctx, "parked", "job", text, "until", park.Until, "why", park.Why)
	case err != nil:
		outcome = "failed"
		s.Log.ErrorContext(ctx, "a job failed", "job", text, "delivery", queue.Delivery(ctx), "error", err)
	}
	s.Metrics.worked(key.Kind, outcome, time.Since(began))
	return err
}
