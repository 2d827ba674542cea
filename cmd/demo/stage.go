package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/kustodian/kustodian/bot"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/githubtest"
	resolve "github.com/kustodian/kustodian/fixes/registry"
)

// A stage is the simulated GitHub, the registry and the bot, on loopback.
type stage struct {
	github   *githubtest.Server
	registry *httptest.Server
	folder   string
	webhook  string
	bot      *bot.Bot
	end      context.CancelFunc
	ended    chan error
}

// openStage starts everything; nothing is on it yet.
func openStage(ctx context.Context, log *slog.Logger) (s *stage, err error) {
	s = &stage{ended: make(chan error, 1), end: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.folder, err = os.MkdirTemp("", "kustodian-demo-"); err != nil {
		return s, err
	}
	if s.github, err = githubtest.Start(githubtest.Options{}); err != nil {
		return s, err
	}
	s.registry = httptest.NewServer(registry.New(registry.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo))))
	host := strings.TrimPrefix(s.registry.URL, "http://")

	app := s.github.App()
	settings, err := bot.LoadSettings(ctx, lookup{
		"GITHUB_APP_ID": fmt.Sprint(app.ID), "GITHUB_PRIVATE_KEY": string(app.Key), "WEBHOOK_SECRETS": app.WebhookSecret,
		"ALLOWED_ACCOUNTS": "*", "GITHUB_URL": s.github.URL, "DATA_DIR": s.folder, "SWEEP": "off",
		"REGISTRIES": strings.Join(append([]string{exampleRegistry, host}, resolve.PublicHosts...), ","),
	})
	if err != nil {
		return s, err
	}
	s.bot, err = bot.Open(ctx, settings, bot.Overrides{
		Log:    log,
		GitHub: func(o *github.Options) { o.WriteInterval = -1 },
		Registry: func(c *resolve.Client) {
			c.PlainHTTP, c.Mirrors = true, []resolve.Mirror{{Of: exampleRegistry, At: host, Trusted: true}}
		},
	})
	if err != nil {
		return s, err
	}
	return s, s.serve(ctx)
}

// serve starts the bot's server.
func (s *stage) serve(ctx context.Context) error {
	var listening net.ListenConfig
	webhook, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	metrics, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, webhook.Close())
	}
	ctx, s.end = context.WithCancel(ctx)
	go func() { s.ended <- s.bot.Server.Run(ctx, webhook, metrics) }()
	s.webhook = "http://" + webhook.Addr().String() + "/webhook"
	return nil
}

// Close ends what was started, the bot first.
func (s *stage) Close() error {
	var faults []error
	if s.bot != nil {
		s.end()
		faults = append(faults, <-s.ended, s.bot.Close())
	}
	if s.github != nil {
		faults = append(faults, s.github.Close())
	}
	if s.registry != nil {
		s.registry.Close()
	}
	return errors.Join(append(faults, os.RemoveAll(s.folder))...)
}

// push puts images into the registry; their digests are the same in every run.
func (s *stage) push(images ...string) error {
	host := strings.TrimPrefix(s.registry.URL, "http://")
	for _, image := range images {
		reference, err := name.ParseReference(host+"/"+image, name.Insecure)
		if err != nil {
			return err
		}
		config, err := empty.Image.ConfigFile()
		if err != nil {
			return err
		}
		config.Author = image
		built, err := mutate.ConfigFile(empty.Image, config)
		if err != nil {
			return err
		}
		if err := remote.Write(reference, built, remote.WithTransport(http.DefaultTransport)); err != nil {
			return fmt.Errorf("pushing %s: %w", image, err)
		}
	}
	return nil
}

// A lookup is an environment.
type lookup map[string]string

func (l lookup) Lookup(key string) (string, bool) {
	value, ok := l[key]
	return value, ok
}
