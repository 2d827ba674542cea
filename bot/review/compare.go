package review

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// compare fills the report with what the head has and the base has not.
func (r *run) compare(head, base []rules.Finding) {
	for _, o := range r.head.reached {
		before, known := r.base.checked[path.Dir(r.oldPath(o.File))]
		built := r.head.built(o.Path)
		r.report.Overlays = append(r.report.Overlays, OverlayReport{
			Path: o.Path, Environment: o.Environment, Objects: r.head.checked[o.Path].Objects, Parts: r.head.checked[o.Path].Parts,
			Built: built, Hides: !built && !(known && before.Broken != nil),
		})
	}
	head = rules.Merge(head, r.head.scan.ConfigFindings, r.askedFor(r.head.scan.Surveyed))
	base = rules.Merge(base, r.base.scan.ConfigFindings, r.askedFor(r.base.scan.Surveyed))

	before, after := map[string]bool{}, map[string]bool{}
	for _, f := range base {
		before[f.Fingerprint] = true
	}
	for _, f := range head {
		identity := f.At(r.oldPath(f.Path)).Fingerprint
		after[identity] = true
		if before[identity] {
			continue
		}
		if r.brought(f) && !(r.compared() && r.fresh(f.Rule)) {
			untouched := f.Presence && r.compared() && !r.touched(f)
			r.report.Findings = append(r.report.Findings, Finding{Finding: f, ProvedFix: -1, Untouched: untouched})
		}
	}
	for _, f := range base {
		if !after[f.Fingerprint] && r.gone(f) {
			r.report.Fixed = append(r.report.Fixed, f)
		}
	}
}

// brought reports whether a finding that the base does not show is new. Where
// nothing that could show it was built at the base, nobody knows whether it
// was there, so only what the diff touches counts.
func (r *run) brought(f rules.Finding) bool {
	return !r.compared() || !r.hidden(f) || r.touched(f)
}

// compared reports whether the job has a base.
func (r *run) compared() bool { return !r.base.ref.IsZero() }

// touched reports whether the change touches the lines of a finding: one of
// them, or what stood between or right behind them. Comments behind the last
// line are passed over: what stood after them was the finding's too.
func (r *run) touched(f rules.Finding) bool {
	changed := r.changedLines(f.Path)
	if len(changed) == 0 {
		return false
	}
	end := f.EndLine
	if src, err := r.head.tree.ReadFile(f.Path); err == nil { // else all of its lines are changed
		end = passComments(strings.Split(string(src), "\n"), end)
	}
	return slices.ContainsFunc(changed, func(l mirror.Range) bool {
		gone := l.Last < l.First
		return f.Line <= l.Last && f.EndLine >= l.First || gone && f.Line < l.First && end+1 >= l.First
	})
}

// passComments is the last of the blank lines and comments that follow a line
// of a file, counted from 1; the line itself where none follow.
func passComments(lines []string, line int) int {
	for line < len(lines) {
		if text := strings.TrimSpace(lines[line]); text != "" && !strings.HasPrefix(text, "#") {
			break
		}
		line++
	}
	return line
}

// listedFor is how long a rule that a version brings is only listed in sweeps.
const listedFor = 30 * 24 * time.Hour

// fresh reports whether a rule is so new that it is only listed in sweeps.
func (r *run) fresh(id string) bool {
	rule, ok := rules.ByID(id)
	if !ok || rule.Since == "" {
		return false
	}
	since, err := time.Parse(time.DateOnly, rule.Since)
	return err == nil && r.job.Now.Before(since.Add(listedFor))
}

// hidden reports whether the base may have a finding and could not show it,
// since what would show it did not build: the overlay itself, or for an
// overlay that is new all others that read the file.
func (r *run) hidden(f rules.Finding) bool {
	hidden := false
	for _, o := range r.head.reached {
		if !slices.Contains(f.Overlays, o.Path) {
			continue
		}
		could := []string{path.Dir(r.oldPath(o.File))}
		if _, ok := r.base.checked[could[0]]; !ok {
			could = nil
			for _, reader := range r.base.roots {
				if slices.Contains(reader.Reads, r.oldPath(f.Path)) {
					could = append(could, reader.Path)
				}
			}
		}
		if len(could) == 0 || slices.ContainsFunc(could, r.base.built) {
			return false
		}
		hidden = true
	}
	return hidden
}

// gone reports whether a finding of the base that the head does not show is
// put right: whatever could still show it was built again, or is no more.
func (r *run) gone(f rules.Finding) bool {
	return !slices.ContainsFunc(r.head.roots, func(o overlay.Overlay) bool {
		if !slices.ContainsFunc(r.head.reached, func(reached overlay.Overlay) bool { return reached.Path == o.Path }) {
			return slices.Contains(o.Reads, f.Path)
		}
		return !r.head.built(o.Path) && slices.Contains(f.Overlays, path.Dir(r.oldPath(o.File)))
	})
}

// changedLines are the lines of a file of the head that the change touches:
// all of them where a side cannot be read.
func (r *run) changedLines(path string) []mirror.Range {
	if !slices.ContainsFunc(r.changes, func(c mirror.Change) bool { return c.Path == path }) {
		return nil
	}
	head, err := r.head.tree.ReadFile(path)
	if err != nil {
		return []mirror.Range{{First: 1, Last: math.MaxInt}}
	}
	base, err := r.base.tree.ReadFile(r.oldPath(path))
	if err != nil {
		return []mirror.Range{{First: 1, Last: math.MaxInt}}
	}
	return mirror.ChangedLines(base, head)
}

// read keeps the bytes of the files that have a finding. A file that is
// missing, or too large to be read, has none: its finding says so.
func (r *run) read() {
	r.report.Files = map[string][]byte{}
	for _, f := range r.report.Findings {
		if _, ok := r.report.Files[f.Path]; ok || f.Path == "" {
			continue
		}
		if src, err := r.head.tree.ReadFile(f.Path); err == nil {
			r.report.Files[f.Path] = src
		}
	}
}

// unbuilt are the findings of an overlay that did not build: each of its
// refusals, else the fault that broke it.
func unbuilt(o overlay.Overlay, broken *overlay.BuildError) []rules.Finding {
	if broken == nil {
		return nil
	}
	faults := o.Refusals
	if len(faults) == 0 {
		faults = []overlay.Refusal{{Reason: broken.Reason, Path: broken.Path, Line: broken.Line, Column: broken.Column, Message: broken.Text()}}
	}
	var out []rules.Finding
	for _, fault := range faults {
		f := rules.Finding{
			Rule: "build-failed", Severity: unbuiltSeverity(o, fault), Reason: fault.Reason, Message: strings.TrimSpace(fault.Text + " " + fault.Message),
			Path: fault.Path, Line: fault.Line, Column: fault.Column, EndLine: fault.Line, Overlays: []string{o.Path},
		}
		switch fault.Reason {
		case overlay.ReasonRemote, overlay.ReasonHelm, overlay.ReasonExec, overlay.ReasonOutside:
			// Left alone on purpose: the overlay may be right, it is not checked.
			f.Rule, f.Severity = "reference-refused", rules.Info
		}
		out = append(out, f.At(f.Path))
	}
	return out
}

// unbuiltSeverity is that of what keeps an overlay from building: softer where
// nobody deploys it as it is and others may do their part before they do.
func unbuiltSeverity(o overlay.Overlay, fault overlay.Refusal) rules.Severity {
	switch {
	case rules.Trial(o.Path):
		return rules.Info // often broken on purpose
	case rules.IsPart(o.Path) && fault.Reason == overlay.ReasonMissing:
		return rules.Warning // often made before the build
	}
	return rules.Error
}

// join makes one finding of those that would say the same of the same place,
// which names the objects that share the place, and then one of those that are
// told together, which names what else is at fault in its container.
func (r *run) join() {
	place := func(f Finding) string {
		return fmt.Sprintln(f.Rule, f.Path, f.Line, f.Column, f.Message)
	}
	joined := joinBy(r.report.Findings, place, func(first *Finding, f Finding) { first.AddOthers(f.Finding) })
	for i := range joined {
		joined[i].Message += shared(joined[i].Others)
	}
	inContainer := func(f Finding) string {
		if rule, ok := rules.ByID(f.Rule); !ok || !rule.Together {
			return f.Fingerprint
		}
		return fmt.Sprintln(f.Rule, f.Path, f.Origin, f.Container())
	}
	likewise := map[string][]string{} // names, by fingerprint of the first
	joined = joinBy(joined, inContainer, func(first *Finding, f Finding) {
		likewise[first.Fingerprint] = append(likewise[first.Fingerprint], f.Field.ItemName())
	})
	for i, f := range joined {
		if names := likewise[f.Fingerprint]; len(names) > 0 {
			joined[i].Message += "; likewise " + few(names)
		}
	}
	r.report.Findings = append([]Finding{}, joined...)
}

// joinBy makes one finding, the first, of those that have a key in common;
// those that somebody silenced stay apart from the others.
func joinBy(findings []Finding, key func(Finding) string, add func(first *Finding, f Finding)) []Finding {
	at := map[string]int{}
	var joined []Finding
	for _, f := range findings {
		key := fmt.Sprintln(key(f), f.Suppressed != nil)
		i, seen := at[key]
		if !seen {
			at[key] = len(joined)
			joined = append(joined, f)
			continue
		}
		first := &joined[i]
		add(first, f)
		first.Joined = append(first.Joined, f.Fingerprint)
		first.Severity = max(first.Severity, f.Severity)
		first.Overlays = append(first.Overlays, f.Overlays...)
		slices.Sort(first.Overlays)
		first.Overlays = slices.Compact(first.Overlays)
		if first.Fix == nil && f.Fix != nil {
			first.Fix, first.ProvedFix, first.NoFix, first.NoFixReason = f.Fix, f.ProvedFix, "", fixes.NoReason
		}
	}
	return joined
}

// maxShared is how many objects, or fields, a message names beside its own.
const maxShared = 3

// shared is the end of a message that names the other objects at its place.
func shared(others []overlay.ObjectRef) string {
	if len(others) == 0 {
		return ""
	}
	var names []string
	for _, o := range others {
		names = append(names, o.Kind+" "+o.Name)
	}
	return "; the same line says so for " + few(names)
}

// few lists the first names, and how many more there are.
func few(names []string) string {
	if more := len(names) - maxShared; more > 0 {
		names = append(slices.Clone(names[:maxShared]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
