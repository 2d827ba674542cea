package review

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// compare fills the report with what the head has and the base has not.
func (r *run) compare(head, base []rules.Finding) {
	for _, o := range r.reached(&r.head) {
		a := r.head.checked[o.Path]
		r.report.Overlays = append(r.report.Overlays, OverlayReport{
			Path: o.Path, Environment: o.Environment, Objects: a.Objects, Built: a.Broken == nil,
		})
	}
	head = append(head, r.head.scan.ConfigFindings...)
	base = append(base, r.base.scan.ConfigFindings...)

	before, after := map[string]bool{}, map[string]bool{}
	for _, f := range base {
		before[f.Fingerprint] = true
	}
	for _, f := range head {
		identity := f.At(r.oldPath(f.Path)).Fingerprint
		after[identity] = true
		if !before[identity] && r.brought(f) {
			r.report.Findings = append(r.report.Findings, Finding{Finding: f, ProvedFix: -1})
		}
	}
	for _, f := range base {
		if !after[f.Fingerprint] {
			r.report.Fixed = append(r.report.Fixed, f)
		}
	}
}

// brought reports whether a finding that the base does not show is new. Where
// none of its overlays built at the base nobody knows what they showed, so
// only what the diff touches counts.
func (r *run) brought(f rules.Finding) bool {
	if r.base.ref.IsZero() || f.Rule == "build-failed" {
		return true
	}
	for _, o := range f.Overlays {
		if a, ok := r.base.checked[o]; !ok || a.Broken == nil {
			return true
		}
	}
	if len(f.Overlays) == 0 {
		return true
	}
	return slices.ContainsFunc(r.changedLines(f.Path), func(lines mirror.Range) bool {
		return f.Line <= lines.Last && f.EndLine >= lines.First
	})
}

// changedLines are the lines of a file of the head that the change touches.
func (r *run) changedLines(path string) []mirror.Range {
	if !slices.ContainsFunc(r.changes, func(c mirror.Change) bool { return c.Path == path }) {
		return nil
	}
	head, err := readFile(r.head.ref, path)
	if err != nil {
		return nil
	}
	base, err := readFile(r.base.ref, r.oldPath(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return mirror.ChangedLines(base, head)
}

// silence marks what the configuration ignores, and reports ignores that no
// longer count.
func (r *run) silence() {
	today := time.Now().UTC().Format(time.DateOnly)
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		for _, ignore := range r.report.Config.Ignore {
			if f.Suppressed == nil && ignore.Rule == f.Rule && (ignore.Until == "" || ignore.Until >= today) && matches(ignore.Path, f.Path, f.Overlays) {
				f.Suppressed = &rules.Suppression{Path: config.File, Line: ignore.Line, Reason: ignore.Reason}
			}
		}
	}
}

// matches reports whether an ignore's pattern names the source file, or every
// overlay, of a finding.
func matches(pattern, path string, overlays []string) bool {
	if pattern == "" || doublestar.MatchUnvalidated(pattern, path) {
		return true
	}
	return len(overlays) > 0 && !slices.ContainsFunc(overlays, func(o string) bool {
		return !doublestar.MatchUnvalidated(pattern, o)
	})
}

// read keeps the bytes of the files that have a finding.
func (r *run) read() error {
	r.report.Files = map[string][]byte{}
	for _, f := range r.report.Findings {
		if _, ok := r.report.Files[f.Path]; ok || f.Path == "" {
			continue
		}
		src, err := readFile(r.head.ref, f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a finding on a file that is missing
		}
		if err != nil {
			return err
		}
		r.report.Files[f.Path] = src
	}
	return nil
}

// readFile reads one file of a tree without looking into it.
func readFile(ref TreeRef, path string) ([]byte, error) {
	tree, err := ref.Open()
	if err != nil {
		return nil, err
	}
	src, err := tree.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return src, nil
}

// refused is the finding of an overlay that did not build.
func refused(o overlay.Overlay, broken *overlay.BuildError) []rules.Finding {
	if broken == nil {
		return nil
	}
	f := rules.Finding{
		Rule: "build-failed", Severity: rules.Error, Reason: broken.Reason,
		Path: broken.Path, Line: broken.Line, Column: broken.Column, EndLine: broken.Line,
		Message: broken.Message, Overlays: []string{o.Path},
	}
	switch broken.Reason {
	case overlay.ReasonRemote, overlay.ReasonHelm, overlay.ReasonExec, overlay.ReasonOutside:
		// Left alone on purpose: the overlay may be right, it is not checked.
		f.Rule, f.Severity = "reference-refused", rules.Info
	}
	if broken.Hint != "" {
		f.Message += "; " + broken.Hint
	}
	return []rules.Finding{f.At(f.Path)}
}
