package publish

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules/overlay"
)

// FixText writes what each fix of the report does, for a terminal: the findings
// that it puts right, where it is written and why there, and what applying it
// does to what runs. The error is of w.
func FixText(w io.Writer, report *review.Report) error {
	var b strings.Builder
	for _, fix := range report.Fixes {
		var found []string
		for _, f := range report.Findings {
			if slices.Contains(fix.Fingerprints, f.Fingerprint) {
				found = append(found, fmt.Sprintf("%s at %s:%d", f.Rule, f.Path, f.Line))
			}
		}
		fmt.Fprintf(&b, "%s: %s\n", Printable(fix.Title), Printable(strings.Join(found, ", ")))
		for _, layer := range fix.Layers {
			fmt.Fprintf(&b, "  %s\n", Printable(layer.Why))
		}
		for _, note := range fix.Notes {
			fmt.Fprintf(&b, "  %s\n", Printable(note))
		}
		for _, does := range effects(fix.Proof) {
			fmt.Fprintf(&b, "  %s\n", Printable(does))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// effects say what applying a fix does to what runs, each with the overlays
// that do it.
func effects(proof fixes.Proof) []string {
	var order []string
	overlays := map[string][]string{}
	for _, o := range proof.Overlays {
		for _, part := range []struct {
			verb    string
			objects []overlay.ObjectRef
		}{{"Restarts", o.Effect.Restarts}, {"Creates", o.Effect.Appears}, {"Takes away", o.Effect.Goes}} {
			if len(part.objects) == 0 {
				continue
			}
			does := part.verb + " " + firstOf(part.objects, few, overlay.ObjectRef.String)
			if overlays[does] == nil {
				order = append(order, does)
			}
			overlays[does] = append(overlays[does], o.Overlay)
		}
	}
	for i, does := range order {
		order[i] = fmt.Sprintf("%s in %s.", does, firstOf(overlays[does], few, func(path string) string { return path }))
	}
	return order
}
