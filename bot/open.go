package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/queue"
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes/registry"
)

// A Bot is everything that the settings make of the parts of this package.
// Close it.
type Bot struct {
	Server *Server
	Worker *Worker
	Queue  *queue.Queue
	App    *github.App
}

// Overrides are what a test or a demonstration sets beside the settings. The
// zero value changes nothing.
type Overrides struct {
	GitHub   func(*github.Options)
	Registry func(*registry.Client)
	Remotes  func(*mirror.Remotes) // where the settings allow any
	Queue    func(*queue.Options)
	Log      *slog.Logger
}

// Open makes a bot of settings: its queue, its client, its workers. It serves
// nothing yet.
func Open(ctx context.Context, settings Settings, overrides Overrides) (*Bot, error) {
	log := overrides.Log
	if log == nil {
		log = settings.Logger()
	}
	options := github.Options{
		AppID: settings.AppID, PrivateKey: []byte(settings.PrivateKey), BaseURL: settings.GitHubURL, ReadOnly: settings.ReadOnly,
		Audit: func(line github.AuditLine) { log.Info("write", "audit", line) },
	}
	if overrides.GitHub != nil {
		overrides.GitHub(&options)
	}
	app, err := github.Open(options)
	if err != nil {
		return nil, err
	}
	jobs := queue.Options{
		Folder: filepath.Join(settings.DataDir, "queue"), URL: settings.NATSURL, Credentials: settings.NATSCredentials,
		Replicas: settings.NATSReplicas, Workers: settings.Workers, Log: log,
	}
	if overrides.Queue != nil {
		overrides.Queue(&jobs)
	}
	q, err := queue.Open(ctx, jobs)
	if err != nil {
		return nil, fmt.Errorf("opening the queue: %w", err)
	}
	images := &registry.Client{Hosts: settings.Registries, Mirrors: settings.Mirrors, Bindings: settings.Bindings}
	if overrides.Registry != nil {
		overrides.Registry(images)
	}
	remotes := settings.remotes()
	if remotes != nil && overrides.Remotes != nil {
		overrides.Remotes(remotes)
	}
	metrics := NewMetrics(q)
	b, caps := &Bot{Queue: q, App: app}, settings.caps()
	b.Worker = &Worker{
		App: app, State: q, Mirrors: filepath.Join(settings.DataDir, "mirrors"), CloneURL: settings.CloneURL(), Built: metrics.Built, Log: log,
		Limits: worker.Limits{Time: settings.OverlayTimeout, Memory: settings.OverlayMemory << 20},
		Caps:   &caps, Memory: answers(settings), Remotes: remotes,
		Registry: images,
	}
	b.Server = &Server{
		Queue: q, Work: b.Worker.Work, Metrics: metrics, Log: log,
		Webhook: &Webhook{AppID: settings.AppID, Secrets: settings.WebhookSecrets, Accounts: settings.Accounts, Add: q.Add, Log: log},
		Cleaner: &Cleaner{Mirrors: b.Worker.Mirrors, Covered: b.covered, Forget: q.Delete, Answers: b.Worker.Memory, Remotes: b.Worker.Remotes, Log: log},
		Sweeper: &Sweeper{Default: settings.SweepSchedule, State: q, Add: q.Add, Log: log, Repositories: func(ctx context.Context) ([]Installed, error) {
			return b.installed(ctx, b.Server.Webhook, caps, log)
		}},
	}
	return b, nil
}

// Close closes the queue. It may be called twice.
func (b *Bot) Close() error { return b.Queue.Close() }

// covered lists what an installation covers now: nothing where it is gone or
// suspended.
func (b *Bot) covered(ctx context.Context, installation int64) ([]string, error) {
	repositories, err := b.App.InstallationRepositories(ctx, installation)
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrSuspended) {
		b.App.Forget(installation)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range repositories {
		names = append(names, r.Owner+"/"+r.Name)
	}
	return names, nil
}

// installed lists the repositories of the accounts that are served, with the
// schedules that they ask for. One that cannot be read stops no other.
func (b *Bot) installed(ctx context.Context, webhook *Webhook, caps config.Caps, log *slog.Logger) ([]Installed, error) {
	installations, err := b.App.Installations(ctx)
	if err != nil {
		return nil, err
	}
	var out []Installed
	for _, installation := range installations {
		if installation.Suspended || !webhook.allowed(installation.Account) {
			continue
		}
		repositories, err := b.App.InstallationRepositories(ctx, installation.ID)
		if err != nil {
			log.ErrorContext(ctx, "listing what is installed", "installation", installation.ID, "error", err)
			continue
		}
		defaults, err := defaultsOf(ctx, b.App, installation.ID, installation.Account)
		if err != nil {
			log.ErrorContext(ctx, "reading the schedule of sweeps", "installation", installation.ID, "error", err)
		}
		for _, r := range repositories {
			if r.Archived {
				continue
			}
			one := Installed{Installation: installation.ID, Owner: r.Owner, Repo: r.Name}
			src, err := b.App.Repository(installation.ID, r.Owner, r.Name).Contents(ctx, config.File, "")
			if err != nil && !errors.Is(err, github.ErrNotFound) {
				log.ErrorContext(ctx, "reading the schedule of sweeps", "installation", installation.ID, "error", err)
			}
			one.Sweep = config.SweepOf(caps, defaults, src)
			out = append(out, one)
		}
	}
	return out, nil
}

// answers is where answers of earlier jobs are kept; nil where none are.
func answers(settings Settings) *memory.Store {
	if settings.AnswersSize == 0 {
		return nil
	}
	return &memory.Store{Dir: filepath.Join(settings.DataDir, "answers"), Size: settings.AnswersSize << 20}
}
