package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// ignoreComment is `# kustodian:ignore RULE the reason`.
var ignoreComment = regexp.MustCompile(`#\s*kustodian:ignore(?:\s+([a-z0-9-]+))?(?:\s+(.*\S))?\s*$`)

// Suppress marks the findings that a comment on their line, or on a line of
// its own above it, silences. A comment without a known rule or without a
// reason silences nothing and is a finding of rule ignore-invalid. read
// returns the text of a file; a file that it cannot read has no comments.
func Suppress(findings []Finding, read func(path string) ([]byte, error)) []Finding {
	files := map[string][]string{}
	out := findings
	invalid := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		lines, ok := files[f.Path]
		if !ok {
			if src, err := read(f.Path); err == nil {
				lines = strings.Split(string(src), "\n")
			}
			files[f.Path] = lines
		}
		for _, n := range []int{f.Line, f.Line - 1} {
			if n < 1 || n > len(lines) || n < f.Line && !strings.HasPrefix(strings.TrimSpace(lines[n-1]), "#") {
				continue
			}
			m := ignoreComment.FindStringSubmatch(strings.TrimSuffix(lines[n-1], "\r"))
			if m == nil {
				continue
			}
			if fault := ignoreFault(m[1], m[2]); fault != "" {
				if at := fmt.Sprintf("%s:%d", f.Path, n); !invalid[at] {
					invalid[at] = true
					out = append(out, invalidIgnore(*f, n, fault))
				}
				continue
			}
			if m[1] == f.Rule {
				f.Suppressed = &Suppression{Path: f.Path, Line: n, Reason: m[2]}
			}
		}
	}
	return out
}

// ignoreFault says what is wrong with a comment, "" where nothing is.
func ignoreFault(id, reason string) string {
	if id == "" {
		return "an ignore names a rule and a reason: # kustodian:ignore RULE the reason"
	}
	if _, ok := ByID(id); !ok {
		return fmt.Sprintf("there is no rule %q to ignore; kustodian rules lists them", id)
	}
	if reason == "" {
		return fmt.Sprintf("an ignore needs a reason: # kustodian:ignore %s the reason", id)
	}
	return ""
}

func invalidIgnore(f Finding, line int, fault string) Finding {
	invalid := Finding{
		Rule: "ignore-invalid", Severity: Warning, Message: fault,
		Path: f.Path, Line: line, Column: 1, EndLine: line, Overlays: f.Overlays,
	}
	return invalid.At(f.Path)
}
