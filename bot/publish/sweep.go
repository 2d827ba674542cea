package publish

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hmarr/codeowners"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/review"
)

const (
	sweepPrefix = github.BranchPrefix + "sweep/"
	// Nobody reviews more than this at once, unless the configuration says so:
	// the first answer to a bot that opens a pull request for each finding is to
	// turn it off.
	maxOpen     = 5
	maxPerHour  = 2
	groupDigits = 8 // hexadecimal, of a branch's name
)

// Sweep publishes the report of the default branch's head: a check run, and,
// where the repository has a configuration that lets fixes come by themselves, pull
// requests of fixes, one for each rule and code owner. It returns a
// [*MovedError] where the branch has moved on.
func (p *Publisher) Sweep(ctx context.Context, report *review.Report) (Outcome, error) {
	info, err := p.Repository.Info(ctx)
	if err != nil {
		return Outcome{}, fmt.Errorf("reading %s/%s: %w", p.Owner, p.Name, err)
	}
	head, err := p.Repository.BranchHead(ctx, info.DefaultBranch)
	if err != nil {
		return Outcome{}, fmt.Errorf("reading branch %s: %w", info.DefaultBranch, err)
	}
	if reviewed := report.Job.Head.Commit; head != reviewed {
		return Outcome{}, &MovedError{What: "branch " + info.DefaultBranch, Reviewed: reviewed, Live: head}
	}
	out, err := p.Commit(ctx, report)
	if err != nil || !report.Config.Exists || report.Config.PullRequests.Mode != config.Automatic || p.Mode != github.Fix {
		return out, err
	}
	err = p.sweepFixes(ctx, info.DefaultBranch, report, &out)
	return out, err
}

// sweepFixes brings the pull requests of the sweeps up to date, and then opens
// as many new ones as the limits leave.
func (p *Publisher) sweepFixes(ctx context.Context, branch string, report *review.Report, out *Outcome) error {
	pulls, err := p.Repository.PullRequests(ctx, github.PullRequestQuery{Base: branch})
	if err != nil {
		return fmt.Errorf("reading the open pull requests: %w", err)
	}
	open, recent := map[string]bool{}, 0
	for _, pull := range pulls {
		if pull.Author != p.Login || !strings.HasPrefix(pull.Head.Name, sweepPrefix) {
			continue
		}
		open[pull.Head.Name] = true
		if p.now().Sub(readNote(p.key(), pull.Body).opened) < time.Hour {
			recent++
		}
	}
	set, err := p.owners(ctx, report.Job.Head.Commit)
	if err != nil {
		return err
	}
	groups := groupFixes(report.Fixes, set)
	for name := range open {
		if _, ok := groups[name]; !ok {
			groups[name] = fixGroup{}
		}
	}
	limit := cmp.Or(report.Config.PullRequests.Max, maxOpen)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if !open[name] && (len(open) >= limit || recent >= maxPerHour) {
			continue
		}
		before := len(out.Fixes)
		group := groups[name]
		o := offer{
			Publisher: p, report: report, fixes: group.fixes, owners: group.owners,
			branch: name, base: branch, baseSHA: report.Job.Head.Commit,
			title: group.title, intro: fmt.Sprintf("Found by a sweep of %s, for %s.", code(branch), code(group.whose)),
		}
		if err := o.read(ctx); err != nil {
			return err
		}
		if err := o.publish(ctx, out); err != nil {
			return err
		}
		if !open[name] && len(out.Fixes) > before {
			open[name] = true
			recent++
		}
	}
	return nil
}

// A fixGroup is the fixes of one pull request of a sweep.
type fixGroup struct {
	title, whose string
	owners       []string
	fixes        []review.ProvedFix
}

// groupFixes groups fixes by rule and code owner, and without an owner by
// top-level folder; the keys are the groups' branches.
func groupFixes(all []review.ProvedFix, set codeowners.Ruleset) map[string]fixGroup {
	groups := map[string]fixGroup{}
	for _, fix := range all {
		var paths []string
		for _, file := range fix.Files {
			paths = append(paths, file.Path)
		}
		owners := ownedBy(set, paths)
		whose := strings.Join(owners, " ")
		if whose == "" {
			whose = topFolder(paths[0])
		}
		sum := sha256.Sum256([]byte(whose))
		name := sweepPrefix + fix.Rule + "-" + hex.EncodeToString(sum[:])[:groupDigits]
		group := groups[name]
		group.title, group.whose, group.owners = fmt.Sprintf("Fix %s of %s", fix.Rule, plain(whose)), whose, owners
		group.fixes = append(group.fixes, fix)
		groups[name] = group
	}
	return groups
}
