package publish

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A fixNote is what a pull request of fixes says of itself in its marker.
type fixNote struct {
	commit       string // the head that we made
	opened       time.Time
	fingerprints []string
}

func (n fixNote) marker(k key) string {
	parts := append([]string{n.commit, strconv.FormatInt(n.opened.Unix(), 10)}, n.fingerprints...)
	return k.marker(fixesPrefix + strings.Join(parts, ","))
}

// readNote reads the note of a body; without one that we signed it is empty.
func readNote(k key, body string) fixNote {
	text, ok := strings.CutPrefix(k.read(body), fixesPrefix)
	parts := strings.Split(text, ",")
	if !ok || len(parts) < 2 {
		return fixNote{}
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return fixNote{}
	}
	return fixNote{commit: parts[0], opened: time.Unix(seconds, 0), fingerprints: parts[2:]}
}

// fixBody lists what each fix puts right, and shows what it changes in the
// build of each overlay, as far as there is room.
func fixBody(intro string, fixes []review.ProvedFix, report *review.Report, marker string) string {
	s := newSheet()
	s.limit -= len(marker) + 1
	s.add(intro + "\n\nEvery overlay that reads a changed file was built before and after: nothing differs but what is shown here.\n")
	var items []string
	for _, fix := range fixes {
		items = append(items, fixItem(fix, report))
	}
	s.addAll(items, "fix")
	return s.String() + "\n" + marker
}

// maxDiff is how many characters of one overlay's difference are shown, so
// that a few large ones leave room for the others.
const maxDiff = 8_000

// fixItem is one fix: its title, its findings, and what it changes.
func fixItem(fix review.ProvedFix, report *review.Report) string {
	s := newSheet()
	s.limit /= 3
	s.add("\n### " + inline(fix.Title) + "\n\n")
	var found []string
	for _, f := range report.Findings {
		if slices.Contains(fix.Fingerprints, f.Fingerprint) {
			found = append(found, item(f))
		}
	}
	s.addAll(found, "finding")
	s.addAll(fixNotes(fix), "note")
	var diffs []string
	for _, o := range fix.Proof.Overlays {
		if o.Diff == "" {
			continue
		}
		shown := fence("diff", o.Diff)
		if utf8.RuneCountInString(shown) > maxDiff {
			shown = "Too long to show here.\n"
		}
		diffs = append(diffs, fmt.Sprintf("\n<details><summary>What changes in the build of <code>%s</code></summary>\n\n%s\n</details>\n", rawHTML(o.Overlay), shown))
	}
	s.addAll(diffs, "build")
	return s.String()
}

// fixNotes say where a fix is written and why there, what its reviewer should
// know, and what each overlay does to what runs.
func fixNotes(fix review.ProvedFix) []string {
	var out []string
	for _, layer := range fix.Layers {
		out = append(out, "- Written in "+code(layer.Path)+". "+inline(layer.Why)+"\n")
	}
	for _, note := range fix.Notes {
		out = append(out, "- "+inline(note)+"\n")
	}
	for _, o := range fix.Proof.Overlays {
		var does []string
		for _, part := range []struct {
			verb    string
			objects []overlay.ObjectRef
		}{{"restarts", o.Effect.Restarts}, {"creates", o.Effect.Appears}, {"no longer has", o.Effect.Goes}} {
			if len(part.objects) == 0 {
				continue
			}
			var names []string
			for _, ref := range part.objects {
				names = append(names, code(ref.String()))
			}
			does = append(does, part.verb+" "+strings.Join(names, ", "))
		}
		if len(does) > 0 {
			out = append(out, "- Overlay "+code(o.Overlay)+" "+strings.Join(does, "; ")+".\n")
		}
	}
	return out
}

// patchText is fixes as a patch to be taken by hand, for a branch that we may
// not write to; "" where there are none or where the patch cannot be shown as it is.
func patchText(fixes []review.ProvedFix) string {
	files, err := applied(fixes)
	if err != nil {
		return ""
	}
	var patch strings.Builder
	for _, file := range files {
		patch.WriteString(file.unified())
	}
	if patch.Len() == 0 || !exact(patch.String()) {
		return ""
	}
	return "\n<details><summary>The fixes as a patch for <code>git apply</code></summary>\n\n" + fenceExact("diff", patch.String()) + "\n</details>\n"
}
