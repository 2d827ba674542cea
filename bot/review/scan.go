package review

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A scan is what is in one tree, before any build.
type scan struct {
	Overlays []overlay.Overlay
	// Config is the configuration that is obeyed.
	Config config.Config
	// ConfigFindings are the faults of the configuration in the tree itself.
	ConfigFindings []rules.Finding
	// Surveyed are the findings of rules that look at the tree before any build.
	Surveyed []rules.Finding
	// Ignores are the comments of the tree that silence a rule.
	Ignores []rules.IgnoreComment
	// Definitions are the files that hold CustomResourceDefinitions, each with
	// its hash.
	Definitions map[string]string
	// Published are the files that the tree holds for others to install.
	Published map[string]string
}

// scan finds the overlays of both sides and what differs between them.
func (r *run) scan(ctx context.Context) error {
	r.head.ref, r.base.ref = r.job.Head, r.job.Base
	obeyed, err := r.pool.Configure(ctx, worker.Configure{Tree: r.job.Config, Defaults: r.job.Defaults, Caps: r.Caps})
	if err != nil {
		return fmt.Errorf("reading the configuration of %s: %w", r.job.Config, err)
	}
	for _, s := range []*side{&r.head, &r.base} {
		s.checked, s.additions, s.scan.Config = map[string]worker.CheckAnswer{}, map[string][]rules.Addition{}, obeyed.Config
		if s.ref.IsZero() {
			continue
		}
		if err := r.scanSide(ctx, s); err != nil {
			return fmt.Errorf("finding the overlays of %s: %w", s.ref, err)
		}
	}
	r.report.Config = r.head.scan.Config
	r.report.Kustomize = len(r.head.scan.Overlays)+len(r.base.scan.Overlays) > 0
	r.report.Total = len(r.head.roots)
	if !r.base.ref.IsZero() {
		if r.changes, err = mirror.Changes(r.base.tree, r.head.tree); err != nil {
			return err
		}
	}
	r.reach()
	return nil
}

// scanSide finds the overlays of one tree.
func (r *run) scanSide(ctx context.Context, s *side) error {
	var err error
	if s.tree, err = s.ref.Open(); err != nil {
		return err
	}
	options := s.scan.Config.Options()
	own, err := r.pool.Configure(ctx, worker.Configure{Tree: s.ref, Defaults: r.job.Defaults, Caps: r.Caps})
	if err != nil {
		return err
	}
	s.scan.ConfigFindings = own.Findings
	folders, err := r.pool.Folders(ctx, s.ref, options)
	if err != nil {
		return err
	}
	s.scan.Overlays = make([]overlay.Overlay, len(folders))
	for i, dir := range folders {
		s.scan.Overlays[i].Path = dir
	}
	if err := r.find(ctx, s, func(overlay.Overlay) bool { return true }); err != nil {
		return err
	}
	if err := r.followRemotes(ctx, s); err != nil {
		return err
	}
	overlay.MarkRoots(s.scan.Overlays)
	s.roots = roots(s.scan.Overlays)
	return r.survey(ctx, s)
}

// survey looks at the texts of one tree before any build.
func (r *run) survey(ctx context.Context, s *side) error {
	files, err := r.pool.YAMLFiles(ctx, s.ref)
	if err != nil {
		return err
	}
	notes, err := r.pool.Notes(ctx, s.ref, files)
	if err != nil {
		return err
	}
	for _, o := range s.scan.Overlays {
		if added := rules.AdditionsTo(notes, o.Path, r.job.Repository); len(added) > 0 {
			s.additions[o.Path] = added
		}
	}
	policy := s.scan.Config.Rules
	s.scan.Ignores, s.scan.Definitions = rules.Ignores(notes, policy), map[string]string{}
	for _, note := range notes {
		if note.Defines != "" {
			s.scan.Definitions[note.Path] = note.Defines
		}
	}
	seen := rules.See(s.scan.Overlays, files, notes)
	s.scan.Published = rules.Published(seen)
	surveyed, err := r.pool.Survey(ctx, worker.Survey{Tree: s.ref, Seen: seen, Policy: policy})
	s.scan.Surveyed = surveyed.Findings
	return err
}

// find asks what is known of the overlays of a side that are picked.
func (r *run) find(ctx context.Context, s *side, picked func(overlay.Overlay) bool) error {
	var requests []worker.Find
	var at []int
	for i, o := range s.scan.Overlays {
		if picked(o) {
			requests, at = append(requests, worker.Find{Tree: s.ref, Overlay: o.Path, Options: r.options(s, o)}), append(at, i)
		}
	}
	faults := make([]error, len(requests))
	err := r.pool.Find(ctx, requests, func(i int, found worker.FindAnswer, err error) {
		s.scan.Overlays[at[i]], faults[i] = found.Overlay, err
		if errors.Is(err, worker.ErrDied) {
			s.scan.Overlays[at[i]], faults[i] = unread(requests[i].Overlay, err), nil
		}
	})
	return errors.Join(err, errors.Join(faults...))
}

// unread is an overlay that takes more than a worker may to be looked at.
func unread(dir string, err error) overlay.Overlay {
	file := path.Join(dir, "kustomization.yaml")
	return overlay.Overlay{Path: dir, File: file, Reads: []string{file},
		Refusals: []overlay.Refusal{{Reason: overlay.ReasonLimit, Path: file, Line: 1, Column: 1, Message: err.Error()}}}
}
