package review

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// silence marks what the configuration ignores, unless its day has passed,
// and says which findings stand in the way of a merge. Of a whole tree, it
// reports the ignores that silence nothing.
func (r *run) silence() error {
	today := r.job.Now.UTC().Format(time.DateOnly)
	used := map[config.Ignore]bool{}
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		for _, ignore := range r.report.Config.Ignore {
			if f.Suppressed == nil && ignore.Rule == f.Rule && (ignore.Until == "" || ignore.Until >= today) && ignores(ignore, f.Finding) {
				f.Suppressed = &rules.Suppression{Path: ignore.File, Line: ignore.Line, Reason: ignore.Reason}
				used[ignore] = true
			}
		}
		f.Added = f.Suppressed != nil && r.adds(*f.Suppressed)
		f.Blocks = r.blocks(*f)
	}
	// A part of the findings tells nothing of the rest.
	if !r.compared() && len(r.job.Paths) == 0 {
		if err := r.unusedComments(); err != nil {
			return err
		}
		r.unusedEntries(used, today)
	}
	return nil
}

// ignores reports whether an entry of the configuration is about a finding.
func ignores(ignore config.Ignore, f rules.Finding) bool {
	named := func(pattern, name string) bool { return pattern == "" || doublestar.MatchUnvalidated(pattern, name) }
	everywhere := !slices.ContainsFunc(f.Overlays, func(o string) bool { return !named(ignore.Overlay, o) })
	return rules.Covers(ignore.Section, f.Path, f.Overlays) && rules.Covers(ignore.Path, f.Path, f.Overlays) && everywhere && named(ignore.Kind, f.Object.Kind) && named(ignore.Name, f.Origin.Name)
}

// adds reports whether the change itself brings a suppression. The
// configuration that is obeyed is never the change's.
func (r *run) adds(s rules.Suppression) bool {
	return r.compared() && path.Base(s.Path) != config.File && slices.ContainsFunc(r.changedLines(s.Path), func(l mirror.Range) bool {
		return l.First <= s.Line && s.Line <= l.Last
	})
}

// blocks reports whether a finding stands in the way of a merge: by what the
// configuration says of its rule, else because it is an error. What the change
// silences itself still blocks, unless the configuration trusts that; another
// tool's annotation never says that a merge is safe.
func (r *run) blocks(f Finding) bool {
	if s := f.Suppressed; s != nil && s.Tool == "" && (!f.Added || r.report.Config.InlineIgnore == config.InlineAllow) {
		return false
	}
	environments, said := r.report.Config.BlockIn(f.Rule, f.Path, f.Overlays)
	if !said {
		return f.Severity == rules.Error
	}
	return slices.ContainsFunc(r.head.roots, func(o overlay.Overlay) bool {
		return slices.Contains(f.Overlays, o.Path) && slices.Contains(environments, o.Environment)
	})
}

// unusedEntries reports the entries of the configuration that silence nothing,
// and those whose day has passed.
func (r *run) unusedEntries(used map[config.Ignore]bool, today string) {
	for _, ignore := range r.report.Config.Ignore {
		switch {
		case ignore.File == config.Organisation: // it serves all of its repositories
		case ignore.Until != "" && ignore.Until < today:
			r.report.Findings = append(r.report.Findings, silent("ignore-invalid", rules.Warning, ignore.File, ignore.Line,
				fmt.Sprintf("the ignore of %s ended on %s; take it out, or say until when it holds", ignore.Rule, ignore.Until), ignore.Path))
		case !used[ignore] && !r.mayUse(ignore):
			r.report.Findings = append(r.report.Findings, silent("ignore-unused", rules.Info, ignore.File, ignore.Line,
				fmt.Sprintf("the ignore of %s silences nothing; take it out", ignore.Rule), ignore.Path))
		}
	}
}

// mayUse reports whether an entry may silence what an overlay would show that
// was not built.
func (r *run) mayUse(ignore config.Ignore) bool {
	return slices.ContainsFunc(r.head.reached, func(o overlay.Overlay) bool {
		if r.head.built(o.Path) || ignore.Overlay != "" && !doublestar.MatchUnvalidated(ignore.Overlay, o.Path) {
			return false
		}
		return slices.ContainsFunc(o.Reads, func(file string) bool {
			return rules.Covers(ignore.Section, file, []string{o.Path}) && rules.Covers(ignore.Path, file, []string{o.Path})
		})
	})
}

// unseen are the files that overlays read which were not built.
func (r *run) unseen() map[string]bool {
	files := map[string]bool{}
	for _, o := range r.head.reached {
		for _, file := range o.Reads {
			files[file] = files[file] || !r.head.built(o.Path)
		}
	}
	return files
}

// unusedComments reports the ignore comments and annotations of the tree that
// silence nothing, in no overlay.
func (r *run) unusedComments() error {
	used, ignores := map[rules.IgnoreComment]bool{}, slices.Clone(r.head.scan.Ignores)
	use := func(f rules.Finding) {
		if s := f.Suppressed; s != nil {
			used[rules.IgnoreComment{Path: s.Path, Line: s.Line, Rule: f.Rule, Reason: s.Reason}] = true
		}
	}
	for _, f := range r.report.Findings {
		use(f.Finding)
	}
	for _, o := range r.head.reached {
		checked := r.head.checked[o.Path]
		for _, f := range checked.Findings {
			use(f)
		}
		annotations, err := rules.IgnoreAnnotations(checked.Facts)
		if err != nil {
			return err
		}
		ignores = append(ignores, annotations...)
	}
	unseen, seen := r.unseen(), map[string]int{}
	for _, comment := range ignores {
		if used[comment] || unseen[comment.Path] {
			continue
		}
		used[comment] = true // an annotation of a base is built more than once
		reason := comment.Rule
		if seen[comment.Path+reason]++; seen[comment.Path+reason] > 1 {
			reason = fmt.Sprint(reason, " ", seen[comment.Path+reason]) // the second of a file is another finding
		}
		r.report.Findings = append(r.report.Findings, silent("ignore-unused", rules.Info, comment.Path, comment.Line,
			fmt.Sprintf("the ignore of %s silences nothing; take it out", comment.Rule), reason))
	}
	return nil
}

// silent is a finding about an ignore.
func silent(rule string, severity rules.Severity, path string, line int, message, reason string) Finding {
	f := rules.Finding{Rule: rule, Severity: severity, Path: path, Line: line, Column: 1, EndLine: line, Message: message, Reason: reason}
	return Finding{Finding: f.At(path), ProvedFix: -1}
}
