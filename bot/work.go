package bot

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes/registry"
)

// A State keeps small values under keys, with compare-and-swap; see [queue.Queue].
type State interface {
	Load(ctx context.Context, key string) (value []byte, revision uint64, err error)
	Store(ctx context.Context, key string, value []byte, revision uint64) error
}

// A Worker works on jobs: it reads the live state, reviews it, and publishes
// what it found. A job done twice says nothing twice.
type Worker struct {
	App   *github.App
	State State
	// Mirrors is the folder of the bare mirrors.
	Mirrors string
	// CloneURL is where repositories are cloned from, such as "https://github.com".
	CloneURL string
	// Registry is whom all jobs ask for digests.
	Registry *registry.Client
	// Built is called after each build; nil for nobody. See [review.Reviewer].
	Built func(overlay string)
	// Limits are what one overlay may cost.
	Limits worker.Limits
	// Caps are what a configuration may not ask for more of; nil is the default.
	Caps *config.Caps
	// Memory is where answers of earlier jobs are kept; nil where none are.
	Memory *memory.Store
	// Remotes fetches remote bases; nil follows none.
	Remotes *mirror.Remotes
	Log     *slog.Logger
}

// reviewer is who reviews one job, and asks registries as its asker.
func (w *Worker) reviewer(asker registry.Asker) *review.Reviewer {
	return &review.Reviewer{
		Ask: review.AskRegistry(w.Registry.For(asker)), Built: w.Built, Limits: w.Limits, Caps: w.Caps, Memory: w.Memory, Remotes: w.Remotes,
		Fault: func(err error) { w.Log.Warn("builds may be done again", "error", err) },
	}
}

// Work works on the job of a key. A rate limit is a [*queue.Park].
func (w *Worker) Work(ctx context.Context, key Key) error {
	err := w.work(ctx, key)
	var limit *github.LimitError
	if errors.As(err, &limit) {
		return &queue.Park{Until: limit.Until, Why: limit.Error()}
	}
	return err
}

func (w *Worker) work(ctx context.Context, key Key) error {
	s, err := w.open(ctx, key)
	if errors.Is(err, github.ErrNotFound) {
		w.Log.InfoContext(ctx, "the repository is gone or no longer installed", "job", key.String())
		return nil
	}
	if err != nil {
		return err
	}
	switch key.Kind {
	case Pull:
		return s.pull(ctx, key.Number, false)
	case Comment:
		return s.comment(ctx, key.Number, key.Comment)
	case MergeGroup:
		return s.mergeGroup(ctx, key.SHA)
	case Sweep:
		return s.sweep(ctx)
	}
	return fmt.Errorf("job %s: there is no work of kind %q", key, key.Kind)
}

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

// pull reviews a pull request as it is now.
func (s *site) pull(ctx context.Context, number int, asked bool) error {
	return s.live(ctx, func() error {
		// Pull requests are never deleted: one that is not found is of a
		// repository that just went, which the next try sees, or the token is
		// so new that not all of GitHub knows it.
		pull, err := s.repo.PullRequest(ctx, number)
		if err != nil {
			return err
		}
		if !pull.Open || pull.Draft {
			return nil
		}
		job, err := s.pullJob(ctx, pull)
		if err != nil {
			return err
		}
		report, err := s.review(ctx, job)
		if err != nil {
			return fmt.Errorf("reviewing pull request %d: %w", number, err)
		}
		if own(pull) { // its fixes are proved: a check run says enough
			_, err := s.publisher.Commit(ctx, report)
			return err
		}
		out, err := s.publisher.PullRequest(ctx, number, report, asked)
		s.Log.InfoContext(ctx, "reviewed", "job", s.key.String(), "head", job.Head.Commit,
			"overlays", len(report.Overlays), "findings", len(report.Findings), "comments", out.Comments, "resolved", out.Resolved)
		return err
	})
}

// review reviews a job of the site's installation.
func (s *site) review(ctx context.Context, job review.Job) (*review.Report, error) {
	job.Tenant, job.Repository = tenant(s.key.Installation), s.url
	asker := registry.Asker{Installation: s.key.Installation, Anonymous: job.Fork, Mirrors: config.MirrorsOf(job.Defaults)}
	return s.reviewer(asker).Run(ctx, job)
}

// tenant is an installation as [review.Job] names it.
func tenant(installation int64) string { return strconv.FormatInt(installation, 10) }

// pullJob fetches a pull request: its head, where it left its base, and the
// default branch, whose configuration counts.
func (s *site) pullJob(ctx context.Context, pull github.PullRequest) (review.Job, error) {
	head, base, main := fmt.Sprintf("refs/pull/%d/head", pull.Number), "refs/heads/"+pull.Base.Name, "refs/heads/"+pull.DefaultBranch
	at, err := s.fetch(ctx, head, base, main)
	if err != nil {
		return review.Job{}, err
	}
	fork, err := s.mirror.MergeBase(at[head], at[base])
	if err != nil {
		return review.Job{}, fmt.Errorf("where pull request %d left %s: %w", pull.Number, pull.Base.Name, err)
	}
	defaults, err := s.defaults(ctx)
	if err != nil {
		return review.Job{}, err
	}
	return review.Job{
		Head: s.commit(at[head]), Base: s.commit(fork), Config: s.commit(at[main]), Defaults: defaults,
		Fork: pull.Fork,
		Fix:  !own(pull), // no fixes of fixes
	}, nil
}

// own reports whether a pull request is the bot's: nobody else's are from its branches.
func own(pull github.PullRequest) bool {
	return strings.HasPrefix(pull.Head.Name, github.BranchPrefix) && !pull.Fork
}

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

// mergeGroup reviews a commit of a merge queue against the default branch.
func (s *site) mergeGroup(ctx context.Context, sha string) error {
	info, err := s.repo.Info(ctx)
	if err != nil {
		return err
	}
	main := "refs/heads/" + info.DefaultBranch
	at, err := s.fetch(ctx, main, sha)
	if errors.Is(err, mirror.ErrNoRef) {
		return nil // the group was dissolved meanwhile
	}
	if err != nil {
		return err
	}
	fork, err := s.mirror.MergeBase(sha, at[main])
	if err != nil {
		return fmt.Errorf("where merge group %s left %s: %w", sha, info.DefaultBranch, err)
	}
	defaults, err := s.defaults(ctx)
	if err != nil {
		return err
	}
	report, err := s.review(ctx, review.Job{Head: s.commit(sha), Base: s.commit(fork), Config: s.commit(at[main]), Defaults: defaults})
	if err != nil {
		return fmt.Errorf("reviewing merge group %s: %w", sha, err)
	}
	_, err = s.publisher.Commit(ctx, report)
	return err
}

// sweep reviews the whole default branch, unless it is the one of last time.
func (s *site) sweep(ctx context.Context) error {
	return s.live(ctx, func() error {
		info, err := s.repo.Info(ctx)
		if err != nil {
			return err
		}
		main := "refs/heads/" + info.DefaultBranch
		at, err := s.fetch(ctx, main)
		if err != nil {
			return err
		}
		state := s.key.repository() + "swept" // goes when the repository goes
		last, revision, err := s.State.Load(ctx, state)
		if err != nil {
			return fmt.Errorf("reading the last sweep: %w", err)
		}
		defaults, err := s.defaults(ctx)
		if err != nil {
			return err
		}
		// The commit stands for the tree and its configuration, the version for the rules.
		sum := sha256.Sum256(defaults)
		now := fmt.Sprintf("%s %s %x", at[main], Version(), sum[:8])
		if string(last) == now {
			return nil
		}
		tree := s.commit(at[main])
		report, err := s.review(ctx, review.Job{Head: tree, Config: tree, Defaults: defaults, Fix: true, Staged: true})
		if err != nil {
			return fmt.Errorf("sweeping %s/%s: %w", s.key.Owner, s.key.Repo, err)
		}
		out, err := s.publisher.Sweep(ctx, report)
		if err != nil {
			return err
		}
		s.Log.InfoContext(ctx, "swept", "job", s.key.String(), "head", at[main],
			"overlays", len(report.Overlays), "findings", len(report.Findings), "pullRequests", len(out.Fixes))
		if report.Unsettled {
			return nil // the next sweep looks again, whether something changed or not
		}
		if err := s.State.Store(ctx, state, []byte(now), revision); err != nil && !errors.Is(err, queue.ErrStale) {
			return fmt.Errorf("keeping the last sweep: %w", err)
		}
		return nil
	})
}
