package publish

import (
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// home is where people read what Kustodian is.
const home = "https://github.com/kustodian/kustodian"

// writeSARIF writes SARIF 2.1.0, as code scanning takes it: silenced findings
// with their suppression, fixes as replacements of bytes.
func writeSARIF(w io.Writer, report *review.Report, options Options) error {
	run := sarif.NewRunWithInformationURI("Kustodian", home).WithColumnKind("unicodeCodePoints")
	if options.Version != "" {
		run.Tool.Driver.WithVersion(options.Version)
	}
	for _, f := range report.Findings {
		addSARIFRule(run, f.Rule)
		result := run.CreateResultForRule(f.Rule).
			WithLevel(sarifLevel(f.Severity)).
			WithMessage(sarif.NewTextMessage(f.Message)).
			WithPartialFingerprints(map[string]string{"kustodian/v1": f.Fingerprint})
		if f.Path != "" {
			result.AddLocation(sarifLocation(f.Path, f.Line, f.Column, lastLine(f)))
		}
		if fix := sarifFix(f.Fix); fix != nil {
			result.AddFixe(fix)
		}
		if s := f.Suppressed; s != nil {
			kind := "inSource"
			if path.Base(s.Path) == config.File {
				kind = "external"
			}
			result.AddSuppression(sarif.NewSuppression().WithKind(kind).
				WithJustification(s.Reason).WithLocation(sarifLocation(s.Path, s.Line, 0, s.Line)))
		}
	}
	out := sarif.NewReport()
	out.AddRun(run)
	if err := out.PrettyWrite(w); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

// addSARIFRule describes a rule once.
func addSARIFRule(run *sarif.Run, id string) {
	if run.GetRuleIndex(id) >= 0 {
		return
	}
	rule := run.AddRule(id).WithHelpURI(ruleURL(id))
	why, write := ruleText(id)
	if why != "" {
		rule.WithDescription(why)
	}
	if write != "" {
		rule.WithMarkdownHelp("Write " + write + ".")
	}
}

func sarifLevel(s rules.Severity) string {
	switch s {
	case rules.Error:
		return sarif.LevelError
	case rules.Warning:
		return sarif.LevelWarning
	}
	return sarif.LevelNote
}

func sarifLocation(path string, line, column, endLine int) *sarif.Location {
	physical := sarif.NewPhysicalLocation().WithArtifactLocation(sarifArtifact(path))
	if line > 0 {
		region := sarif.NewSimpleRegion(line, max(line, endLine))
		if column > 0 {
			region.WithStartColumn(column)
		}
		physical.WithRegion(region)
	}
	return sarif.NewLocationWithPhysicalLocation(physical)
}

func sarifArtifact(path string) *sarif.ArtifactLocation {
	return sarif.NewSimpleArtifactLocation((&url.URL{Path: path}).String())
}

// sarifFix is a fix with one change per edit, nil where there is none or where
// a file comes or goes, which SARIF cannot say.
func sarifFix(fix *review.Fix) *sarif.Fix {
	if fix == nil || slices.ContainsFunc(fix.Edits, func(e review.Edit) bool { return e.Create || e.Delete }) {
		return nil
	}
	out := sarif.NewFix().WithDescription(sarif.NewTextMessage(fix.Title))
	for _, e := range fix.Edits {
		out.AddArtifactChange(sarif.NewArtifactChange().WithArtifactLocation(sarifArtifact(e.Path)).AddReplacement(
			sarif.NewReplacement().
				WithDeletedRegion(sarif.NewRegion().WithByteOffset(e.Start).WithByteLength(e.End - e.Start)).
				WithInsertedContent(sarif.NewArtifactContent().WithText(e.New))))
	}
	return out
}
