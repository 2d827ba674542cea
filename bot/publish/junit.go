package publish

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Line    int          `xml:"line,attr,omitempty"`
	Failure *junitReason `xml:"failure"`
	Skipped *junitReason `xml:"skipped"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes one test suite: each finding is a test that failed, one
// that passed with a note where it is info, or one that was skipped where
// somebody silenced it. Each overlay without any is a test that passed.
func writeJUnit(w io.Writer, report *review.Report, _ Options) error {
	suite := junitSuite{Name: "kustodian"}
	for _, o := range report.Overlays {
		clean := !slices.ContainsFunc(report.Findings, func(f review.Finding) bool { return slices.Contains(f.Overlays, o.Path) })
		if clean {
			suite.Cases = append(suite.Cases, junitCase{Class: "overlay", Name: o.Path})
		}
	}
	for _, f := range report.Findings {
		c := junitCase{Class: f.Rule, Name: fmt.Sprintf("%s:%d:%d", f.Path, f.Line, f.Column), File: f.Path, Line: f.Line}
		switch {
		case f.Suppressed != nil:
			c.Skipped = &junitReason{Message: f.Suppressed.Reason}
			suite.Skipped++
		case f.Severity <= rules.Info:
			c.Out = failureText(f)
		default:
			c.Failure = &junitReason{Message: f.Message, Type: f.Severity.String(), Text: failureText(f)}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// failureText is all that is to be said of a finding.
func failureText(f review.Finding) string {
	text := f.Message
	if len(f.Overlays) > 0 {
		text += "\nin " + listing(f.Overlays)
	}
	why, write := ruleText(f.Rule)
	if why != "" {
		text += "\n" + why
	}
	if write != "" {
		text += "\nWrite " + write + "."
	}
	return text
}
