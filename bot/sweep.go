package bot

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/queue"
	"github.com/kustodian/kustodian/bot/review"
)

// sweepInterval is how often the clock looks for repositories that are due.
const sweepInterval = 10 * time.Minute

// An Installed is a repository that the App is installed on.
type Installed struct {
	Installation int64
	Owner, Repo  string
	// Sweep is the schedule of its configuration; the zero value is none.
	Sweep config.Sweep
}

// A Sweeper adds the sweeps of repositories as they fall due. Several replicas
// may have one each: when a repository was due last is kept in State.
type Sweeper struct {
	// Repositories lists what the App is installed on now.
	Repositories func(context.Context) ([]Installed, error)
	// Default is the schedule of repositories that have none; "" is once a
	// week, at a time that the repository's name decides; "off" is never.
	Default string
	State   *queue.Queue
	Add     func(ctx context.Context, key, delivery string) error
	Log     *slog.Logger
}

// Run adds what is due, now and every ten minutes, until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	every(ctx, sweepInterval, func() {
		if err := s.sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "looking for repositories to sweep", "error", err)
		}
	})
}

// every calls do at once and then at each interval, until ctx ends.
func every(ctx context.Context, interval time.Duration, do func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep adds each repository that is due; one that is at fault does not hold
// up the others.
func (s *Sweeper) sweep(ctx context.Context, now time.Time) error {
	repositories, err := s.Repositories(ctx)
	if err != nil {
		return fmt.Errorf("listing repositories: %w", err)
	}
	var faults []error
	for _, r := range repositories {
		if err := s.one(ctx, r, now); err != nil {
			faults = append(faults, fmt.Errorf("%s/%s: %w", r.Owner, r.Repo, err))
		}
	}
	return errors.Join(faults...)
}

// one adds a repository's sweep where its schedule fell due since the last
// one that was added. One that was never swept is due.
func (s *Sweeper) one(ctx context.Context, r Installed, now time.Time) error {
	schedule, err := s.schedule(r)
	if err != nil || schedule == nil {
		return err
	}
	key := Key{Installation: r.Installation, Owner: r.Owner, Repo: r.Repo, Kind: Sweep}
	state := key.repository() + "sweep-added"
	value, revision, err := s.State.Load(ctx, state)
	if err != nil {
		return err
	}
	if value != nil {
		last, err := time.Parse(time.RFC3339, string(value))
		if err != nil {
			return fmt.Errorf("reading when the last sweep was: %w", err)
		}
		if next := schedule.Next(last); next.IsZero() || next.After(now) {
			return nil
		}
	}
	// Added first: a sweep that is added twice is one, one that is forgotten is none.
	if err := s.Add(ctx, key.String(), ""); err != nil {
		return err
	}
	err = s.State.Store(ctx, state, []byte(now.UTC().Format(time.RFC3339)), revision)
	if errors.Is(err, queue.ErrStale) {
		return nil // another replica was at it
	}
	return err
}

// schedule is when a repository is swept; nil is never.
func (s *Sweeper) schedule(r Installed) (cron.Schedule, error) {
	spec := r.Sweep.Schedule
	if spec == "" {
		spec = s.Default
	}
	if spec == "off" {
		return nil, nil
	}
	if spec == "" {
		spec = weekly(r.Owner + "/" + r.Repo)
	}
	zone := r.Sweep.Timezone
	if zone == "" {
		zone = "UTC"
	}
	schedule, err := cron.ParseStandard("CRON_TZ=" + zone + " " + spec)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", spec, err)
	}
	return schedule, nil
}

// weekly is a minute of the week that a repository's name decides, so that
// they do not all come at once.
func weekly(repository string) string {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(repository)))
	minute := h.Sum32() % (7 * 24 * 60)
	return fmt.Sprintf("%d %d * * %d", minute%60, minute/60%24, minute/(24*60))
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
