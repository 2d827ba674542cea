package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// checkName is the name that branch protection asks for: it never changes.
const checkName = "Kustodian"

// maxAnnotations is how many lines a check run marks: fifty go with a request,
// and requests of one installation go a second apart.
const maxAnnotations = 250

// check writes the check run of the commit that was reviewed, unless it stands
// there already, or the repository has no kustomization and did not ask for one.
func (p *Publisher) check(ctx context.Context, externalID string, report *review.Report, text string, out *Outcome) error {
	if !report.Kustomize && !report.Config.CheckAlways {
		return nil
	}
	ctx = p.about(ctx)
	sha := report.Job.Head.Commit
	run := checkRun(report, text)
	run.HeadSHA, run.ExternalID = sha, externalID
	for _, number := range out.Fixes {
		run.Summary += fmt.Sprintf("\nFixes are in #%d.\n", number)
	}
	if p.Mode != github.Fix {
		run.Summary += "\nKustodian may only report here: fixing, and resolving threads, need the right to write contents.\n"
	}
	lines, err := digest(run.Annotations)
	if err != nil {
		return err
	}
	all, err := digest(run)
	if err != nil {
		return err
	}
	note := checkPrefix + all + "," + lines
	run.Summary += "\n" + p.key().marker(note)
	known, err := p.Repository.CheckRuns(ctx, sha, checkName)
	if err != nil {
		return fmt.Errorf("reading the check runs of %s: %w", sha, err)
	}
	var last github.CheckRun
	if i := slices.IndexFunc(known, func(k github.CheckRun) bool { return k.ExternalID == externalID }); i >= 0 {
		last = known[i]
	}
	switch said := p.key().read(last.Summary); {
	case said == note && last.Conclusion != "":
		return nil
	case said == note: // its last annotations never arrived
		run.ID = last.ID
		err = p.Repository.UpdateCheckRun(ctx, run)
	case strings.HasSuffix(said, ","+lines) && last.Conclusion != "":
		run.ID, run.Annotations = last.ID, nil // they stand
		err = p.Repository.UpdateCheckRun(ctx, run)
	default: // annotations only ever grow, so other ones are another run
		_, err = p.Repository.CreateCheckRun(ctx, run)
	}
	if err != nil {
		return fmt.Errorf("writing the check run of %s: %w", sha, err)
	}
	out.CheckRun = true
	return nil
}

// checkRun is a report as a check run, without the commit.
func checkRun(report *review.Report, text string) github.CheckRun {
	run := github.CheckRun{
		Name:       checkName,
		Conclusion: conclusion(report),
		Title:      count(report).String(),
		Summary:    summary(report),
		Text:       text,
	}
	for _, f := range bySeverity(report) {
		if f.Path == "" || f.Line == 0 || len(run.Annotations) == maxAnnotations {
			continue
		}
		run.Annotations = append(run.Annotations, github.Annotation{
			Path: f.Path, StartLine: f.Line, EndLine: lastLine(f),
			Level: annotationLevel(f.Severity), Title: f.Rule, Message: annotationText(f),
		})
	}
	return run
}

// checkText lists the findings that are told nowhere else, and ends with a
// patch where there is room for all of it.
func checkText(findings []review.Finding, patch string) string {
	text := findingsText(findings)
	if utf8.RuneCountInString(text)+utf8.RuneCountInString(patch) > maxText {
		return text
	}
	return text + patch
}

// conclusion is failure only for what is new and blocks: what a repository has
// long had, which a sweep finds, does not.
func conclusion(report *review.Report) string {
	blocked := slices.ContainsFunc(report.Findings, func(f review.Finding) bool { return f.Blocks })
	switch t := count(report); {
	case blocked && !report.Job.Base.IsZero():
		return "failure"
	case t.findings() > 0:
		return "neutral"
	}
	return "success"
}

func annotationLevel(s rules.Severity) string {
	switch s {
	case rules.Error:
		return "failure"
	case rules.Warning:
		return "warning"
	}
	return "notice"
}

// annotationText is plain text: GitHub shows annotations as they are.
func annotationText(f review.Finding) string {
	text := stop(Printable(f.Message))
	if why, _ := ruleText(f.Rule); why != "" {
		text += " " + why
	}
	if len(f.Overlays) > 0 {
		text += "\nIn " + Printable(listing(f.Overlays)) + "."
	}
	return text
}

// digest tells what check runs say apart: 20 hexadecimal digits. What is said
// is the run or its annotations.
func digest(said any) (string, error) {
	data, err := json.Marshal(said)
	if err != nil {
		return "", fmt.Errorf("hashing a check run: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:10]), nil
}
