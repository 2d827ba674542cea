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
		Findings []review.Finding       `json:"findings"`
	}{
		Version:  jsonVersion,
		Overlays: append([]review.OverlayReport{}, report.Overlays...),
		Findings: append([]review.Finding{}, report.Findings...),
	}
	for i := range out.Findings {
		out.Findings[i].Overlays = append([]string{}, out.Findings[i].Overlays...)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}
