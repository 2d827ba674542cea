package bot

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/queue"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes/registry"
)

// A site is a repository at work.
type site struct {
	*Worker
	key       Key
	repo      *github.Repository
	mirror    *mirror.Mirror
	publisher *publish.Publisher
	url       string
}

// open opens the repository of a key, its mirror, and who publishes to it.
func (w *Worker) open(ctx context.Context, key Key) (*site, error) {
	repo := w.App.Repository(key.Installation, key.Owner, key.Repo)
	mode, err := repo.Mode(ctx)
	if err != nil {
		return nil, err
	}
	login, err := w.App.Login(ctx)
	if err != nil {
		return nil, err
	}
	markers, err := w.markerKey(ctx, key.Owner+"/"+key.Repo)
	if err != nil {
		return nil, err
	}
	m, err := mirror.Open(MirrorPath(w.Mirrors, key))
	if err != nil {
		return nil, err
	}
	clone, err := url.JoinPath(w.CloneURL, key.Owner, key.Repo+".git")
	if err != nil {
		return nil, fmt.Errorf("clone address %s: %w", w.CloneURL, err)
	}
	return &site{Worker: w, key: key, repo: repo, mirror: m, url: clone, publisher: &publish.Publisher{
		Repository: repo, Owner: key.Owner, Name: key.Repo, Login: login, Key: markers, Mode: mode,
		Audit: github.Audit{Requester: string(key.Kind), Delivery: queue.Delivery(ctx)},
	}}, nil
}

// MirrorPath is the folder of a repository's mirror; that of its installation
// is the parent's parent.
func MirrorPath(mirrors string, key Key) string {
	return filepath.Join(mirrors, fmt.Sprint(key.Installation), strings.ToLower(key.Owner), strings.ToLower(key.Repo)+".git")
}

// markerState is the state that holds the secret behind the hidden markers.
// It is made once: with another, the bot would not know its own comments again.
const markerState = "marker-secret"

// markerKey is the key of a repository's hidden markers.
func (w *Worker) markerKey(ctx context.Context, repository string) ([]byte, error) {
	for {
		secret, _, err := w.State.Load(ctx, markerState)
		if err != nil {
			return nil, fmt.Errorf("reading the secret of markers: %w", err)
		}
		if secret != nil {
			mac := hmac.New(sha256.New, secret)
			io.WriteString(mac, strings.ToLower(repository))
			return mac.Sum(nil), nil
		}
		fresh := make([]byte, 32)
		rand.Read(fresh)
		// Another replica may have been faster; then its secret counts.
		if err := w.State.Store(ctx, markerState, fresh, 0); err != nil && !errors.Is(err, queue.ErrStale) {
			return nil, fmt.Errorf("keeping the secret of markers: %w", err)
		}
	}
}

// fetch brings refs, or commits by id, into the mirror.
func (s *site) fetch(ctx context.Context, refs ...string) (map[string]string, error) {
	token, err := s.repo.GitToken(ctx)
	if err != nil {
		return nil, err
	}
	return s.mirror.Fetch(ctx, s.url, token, refs...)
}

// commit names a commit of the mirror.
func (s *site) commit(sha string) review.TreeRef {
	return worker.TreeRef{Repository: s.mirror.Path(), Commit: sha}
}

// maxMoves is how often a job starts again because the head moved under it:
// who pushes more often than that gets the review of the last push.
const maxMoves = 5

// live runs do again while the head moves under it.
func (s *site) live(ctx context.Context, do func() error) error {
	var moved *publish.MovedError
	for range maxMoves {
		err := do()
		if !errors.As(err, &moved) {
			return err
		}
		if moved.Live == "" {
			return nil
		}
		s.Log.InfoContext(ctx, moved.Error(), "job", s.key.String())
	}
	return &queue.Park{Until: time.Now().Add(time.Minute), Why: moved.Error()}
}

// review reviews a job of the site's installation.
func (s *site) review(ctx context.Context, job review.Job) (*review.Report, error) {
	job.Tenant, job.Repository = tenant(s.key.Installation), s.url
	asker := registry.Asker{Installation: s.key.Installation, Anonymous: job.Fork, Mirrors: config.MirrorsOf(job.Defaults)}
	return s.reviewer(asker).Run(ctx, job)
}

// tenant is an installation as [review.Job] names it.
func tenant(installation int64) string { return strconv.FormatInt(installation, 10) }

// organisation is the repository of an account that holds what is common to
// all of its repositories.
const organisation = ".github"

// defaults reads the account's configuration, which counts below the
// repository's own; nil where there is none, or where the App may not see it.
func (s *site) defaults(ctx context.Context) ([]byte, error) {
	return defaultsOf(ctx, s.App, s.key.Installation, s.key.Owner)
}

func defaultsOf(ctx context.Context, app *github.App, installation int64, account string) ([]byte, error) {
	src, err := app.Repository(installation, account, organisation).Contents(ctx, config.File, "")
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrRejected) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of %s: %w", account, err)
	}
	return src, nil
}
