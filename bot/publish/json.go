package publish

import (
	"encoding/json"
	"io"

	"github.com/kustodian/kustodian/bot/review"
)

// jsonVersion grows when a field of the output goes or changes its meaning.
const jsonVersion = 1

// writeJSON writes one object: version, overlays and findings, silenced ones
// among them. Lists are never null.
func writeJSON(w io.Writer, report *review.Report, _ Options) error {
	out := struct {
		Version  int                    `json:"version"`
		Overlays []review.OverlayReport `json:"overlays"`
		Findings []jsonFinding          `json:"findings"`
	}{
		Version:  jsonVersion,
		Overlays: append([]review.OverlayReport{}, report.Overlays...),
		Findings: []jsonFinding{},
	}
	for _, f := range report.Findings {
		f.Overlays = append([]string{}, f.Overlays...)
		out.Findings = append(out.Findings, jsonFinding{Finding: f})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

// A jsonFinding is a finding without what only Kustodian's own processes tell
// each other: its outer fields hide the inner ones, and are never set.
type jsonFinding struct {
	review.Finding
	Origin *struct{} `json:"origin,omitempty"`
	Source *struct{} `json:"source,omitempty"`
}
