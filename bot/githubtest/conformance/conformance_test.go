package conformance_test

import (
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/githubtest"
	"github.com/kustodian/kustodian/bot/githubtest/conformance"
)

func TestSimulator(t *testing.T) {
	var ahead atomic.Int64
	s, err := githubtest.Start(githubtest.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for _, breach := range s.Breaches() {
			t.Error("off contract:", breach)
		}
	})
	write := map[string]string{"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write"}
	installation := s.AddInstallation("acme", write)
	repo, err := s.AddRepository("acme", "sandbox", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddRepository("globex", "secret", true); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Commit("main", "Start", map[string]*string{"README.md": new("sandbox\n")}); err != nil {
		t.Fatal(err)
	}
	app := s.App()
	conformance.Conformance(t, conformance.Target{
		URL: s.URL, App: app.ID, Key: app.Key, Installation: installation, Repository: "acme/sandbox", OtherRepository: "globex/secret",
		Suspend: func(suspended bool) error { return s.Suspend(installation, suspended) },
		Advance: func(d time.Duration) { ahead.Add(int64(d)) },
		Hook: func(url string) string {
			s.SetWebhook(url, "")
			return app.WebhookSecret
		},
	})
}

func TestGitHub(t *testing.T) {
	path := os.Getenv("GITHUB_CONFORMANCE_KEY")
	if path == "" {
		t.Skip("GITHUB_CONFORMANCE_KEY names no App's key")
	}
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	number := func(name string) int64 {
		n, err := strconv.ParseInt(os.Getenv(name), 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	url := os.Getenv("GITHUB_CONFORMANCE_URL")
	if url == "" {
		url = "https://api.github.com"
	}
	conformance.Conformance(t, conformance.Target{
		URL: url, Key: key, App: number("GITHUB_CONFORMANCE_APP"), Installation: number("GITHUB_CONFORMANCE_INSTALLATION"),
		Repository: os.Getenv("GITHUB_CONFORMANCE_REPOSITORY"), OtherRepository: os.Getenv("GITHUB_CONFORMANCE_OTHER"),
	})
}
