package rules

import (
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Survey is one [Rule] applied to a tree that nothing was built of yet.
type Survey struct {
	Rule *Rule
	Seen
	Policy Policy

	read  func(path string) ([]byte, error)
	found []Finding
}

// Seen is what is known of a tree before any build.
type Seen struct {
	// Overlays are all of the tree, with no more than their paths and files.
	Overlays []overlay.Overlay `json:"overlays"`
	// Unread are the YAML files that no overlay reads, sorted.
	Unread []string `json:"unread"`
	// Notes are those of all YAML files, by path.
	Notes []Note `json:"notes"`
}

// See puts together what is known of a tree: its overlays, the paths of its
// YAML files, sorted, and the notes of those.
func See(overlays []overlay.Overlay, files []string, notes []Note) Seen {
	seen := Seen{Notes: notes}
	read := map[string]bool{}
	for _, o := range overlays {
		seen.Overlays = append(seen.Overlays, overlay.Overlay{Path: o.Path, File: o.File})
		read[o.File] = true
		for _, file := range o.Reads {
			read[file] = true
		}
	}
	seen.Unread = slices.DeleteFunc(slices.Clone(files), func(file string) bool { return read[file] })
	return seen
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
	f := Fault{Message: message, Severity: s.Policy.grade(s.Rule, Off, path, overlays, nil)}
	if f.Severity == Off {
		return
	}
	at := Place{Source: overlay.Source{Path: path, Line: line, Column: 1, EndLine: line}}
	found := at.finding(s.Rule, f, overlays)
	for n := 2; slices.ContainsFunc(s.found, func(other Finding) bool { return other.Fingerprint == found.Fingerprint && other.Line != line }); n++ {
		f.Reason = fmt.Sprint(n) // the second of a file that says the same
		found = at.finding(s.Rule, f, overlays)
	}
	s.found = append(s.found, found)
}

// SurveyTree applies every rule over a tree that the policy leaves on. read
// returns the text of a file.
func SurveyTree(seen Seen, read func(path string) ([]byte, error), policy Policy) []Finding {
	var found []Finding
	for rule := range All() {
		if rule.Survey == nil || !policy.Asks(rule) {
			continue
		}
		s := &Survey{Rule: rule, Seen: seen, Policy: policy, read: read}
		if broken := guard(func() { rule.Survey(s) }); broken != "" {
			found = append(found, brokeOff(rule, broken, overlay.Source{Path: firstFile(seen.Overlays), Line: 1, Column: 1}))
			continue
		}
		found = append(found, s.found...)
	}
	return Merge(Soften(found, read))
}
