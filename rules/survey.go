package rules

import (
	"github.com/kustodian/kustodian/rules/overlay"
)

// A Survey is one [Rule] applied to a tree that nothing was built of yet.
type Survey struct {
	Rule *Rule
	// Overlays are all of the tree.
	Overlays []overlay.Overlay
	// Files are the paths of the tree's YAML files, sorted.
	Files  []string
	Policy Policy

	read  func(path string) ([]byte, error)
	found []Finding
}

// Text is the text of a file, nil where it cannot be read.
func (s *Survey) Text(path string) []byte {
	text, err := s.read(path)
	if err != nil {
		return nil // it is gone or too large: the overlay that reads it says so
	}
	return text
}

// Report reports a fault of a file at a line from 1, for the overlays given.
func (s *Survey) Report(path string, line int, message string, overlays ...string) {
	f := Fault{Message: message, Severity: s.Rule.Severity}
	if severity, set := s.Policy.severity(s.Rule); set {
		f.Severity = severity
	}
	at := Place{Source: overlay.Source{Path: path, Line: line, Column: 1, EndLine: line}}
	s.found = append(s.found, at.finding(s.Rule, f, overlays))
}

// SurveyTree applies every rule over a tree that the policy leaves on. read
// returns the text of a file.
func SurveyTree(overlays []overlay.Overlay, files []string, read func(path string) ([]byte, error), policy Policy) []Finding {
	var found []Finding
	for rule := range All() {
		if severity, _ := policy.severity(rule); rule.Survey == nil || severity == Off {
			continue
		}
		s := &Survey{Rule: rule, Overlays: overlays, Files: files, Policy: policy, read: read}
		if broken := guard(func() { rule.Survey(s) }); broken != "" {
			found = append(found, brokeOff(rule, broken, overlay.Source{Path: firstFile(overlays), Line: 1, Column: 1}))
			continue
		}
		found = append(found, s.found...)
	}
	return Merge(found)
}
