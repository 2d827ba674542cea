package publish

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// paint wraps text in a terminal's colours.
type paint bool

func (p paint) in(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// SGR codes of a terminal.
const (
	bold = "1"
	dim  = "2"
	cyan = "36"
)

// severityColor is red, yellow or blue.
var severityColor = map[rules.Severity]string{rules.Error: "1;31", rules.Warning: "1;33", rules.Info: "34"}

// writeText writes one block a finding, the worst first, and lines that sum up.
func writeText(w io.Writer, report *review.Report, options Options) error {
	color := paint(options.Color)
	var b strings.Builder
	explained := map[string]bool{}
	for _, f := range bySeverity(report) {
		writeBlock(&b, color, f, report.Files[f.Path])
		if why, write := ruleText(f.Rule); why != "" && !explained[f.Rule] {
			writeRow(&b, color, "why", why)
			writeRow(&b, color, "write", write)
			explained[f.Rule] = true
		}
		b.WriteByte('\n')
	}
	total := count(report)
	fmt.Fprintf(&b, "%s\n", color.in(bold, total.String()))
	if total.findings() > 0 && !report.Job.Fix {
		b.WriteString("kustodian fix shows what can be put right, kustodian rules ID says more\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeBlock writes a finding, with the line of src that it is about.
func writeBlock(b *strings.Builder, color paint, f review.Finding, src []byte) {
	fmt.Fprintf(b, "%s %s %s\n", color.in(bold, position(f)), color.in(severityColor[f.Severity], f.Severity.String()), color.in(cyan, f.Rule))
	fmt.Fprintf(b, "  %s\n", Printable(f.Message))
	if line := excerpt(f, src); line != "" {
		b.WriteString(color.in(dim, line))
	}
	writeRow(b, color, "in", some(f.Overlays))
	if f.Fix != nil {
		writeRow(b, color, "fix", f.Fix.Title)
	}
	writeRow(b, color, "no fix", noFix(f))
}

// writeRow writes a named line of a block, nothing where there is no text.
func writeRow(b *strings.Builder, color paint, name, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %s %s\n", color.in(dim, name+":"), Printable(text))
	}
}

// some lists a few overlays and counts the others, so that a base's fault
// stays in sight.
func some(overlays []string) string {
	const few = 3
	if len(overlays) <= few+1 {
		return listing(overlays)
	}
	return fmt.Sprintf("%s and %d more overlays", strings.Join(overlays[:few], ", "), len(overlays)-few)
}

// position is path:line:column as far as it is known.
func position(f review.Finding) string {
	switch {
	case f.Path == "":
		return "?"
	case f.Line == 0:
		return Printable(f.Path)
	}
	return fmt.Sprintf("%s:%d:%d", Printable(f.Path), f.Line, f.Column)
}

// excerpt is the finding's line with a caret below its column, "" where the
// file is not at hand or the line may hold a secret.
func excerpt(f review.Finding, src []byte) string {
	if f.Line == 0 || secret(f) {
		return ""
	}
	lines := bytes.Split(src, []byte("\n"))
	if f.Line > len(lines) {
		return ""
	}
	line := strings.TrimRight(string(lines[f.Line-1]), "\r")
	if !utf8.ValidString(line) || strings.TrimSpace(line) == "" {
		return ""
	}
	// Printable gives a tab one column, as positions count it.
	text := fmt.Sprintf("  %5d | %s\n", f.Line, Printable(line))
	if f.Column > 0 && strings.IndexFunc(line, hidden) < 0 {
		text += fmt.Sprintf("        | %s^\n", strings.Repeat(" ", f.Column-1))
	}
	return text
}

// secret reports whether the lines of a finding may hold a secret's value.
func secret(f review.Finding) bool {
	return strings.Contains(f.Rule, "secret") || f.Object.Kind == "Secret" || f.Origin.Kind == "Secret"
}
