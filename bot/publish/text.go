package publish

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

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

// writeText writes one block a finding, those of a file together and the file
// with the worst first, and lines that sum up.
func writeText(w io.Writer, report *review.Report, options Options) error {
	color := paint(options.Color)
	var b strings.Builder
	explained := map[string]bool{}
	for _, f := range byFile(report) {
		writeBlock(&b, color, f, report.Files[f.Path])
		if why, write := ruleText(f.Rule); why != "" && !explained[f.Rule] {
			writeRow(&b, color, "why", why)
			writeRow(&b, color, "write", write)
			explained[f.Rule] = true
		}
		b.WriteByte('\n')
	}
	for _, text := range inPlace(report, Printable) {
		fmt.Fprintf(&b, "%s\n", text)
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

// byFile are the findings that nobody silenced, file by file in the order of
// lines: the file with the worst first, else by path.
func byFile(report *review.Report) []review.Finding {
	worst := map[string]rules.Severity{}
	for f := range active(report) {
		worst[f.Path] = max(worst[f.Path], f.Severity)
	}
	return slices.SortedStableFunc(active(report), func(a, b review.Finding) int {
		return cmp.Or(cmp.Compare(worst[b.Path], worst[a.Path]), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(b.Severity, a.Severity))
	})
}

// A line that is longer than widest is shown from some runes in front of the column on.
const (
	widest  = 140
	inFront = 40
)

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
	mark := f.Column > 0 && strings.IndexFunc(line, hidden) < 0
	runes := []rune(Printable(line)) // a tab is one column there, as positions count it
	before := min(max(f.Column-1, 0), len(runes))
	from := 0
	if len(runes) > widest && before > inFront {
		from = before - inFront
	}
	to := min(len(runes), from+widest)
	shown, padding := string(runes[from:to]), columns(runes[from:max(from, before)])
	if from > 0 {
		shown, padding = "…"+shown, padding+1
	}
	if to < len(runes) {
		shown += "…"
	}
	text := fmt.Sprintf("  %5d | %s\n", f.Line, shown)
	if mark {
		text += fmt.Sprintf("        | %s^\n", strings.Repeat(" ", padding))
	}
	return text
}

// columns is how many columns of a terminal runes take: two for those of East
// Asian width, none for marks that stand on the one before.
func columns(runes []rune) int {
	n := 0
	for _, r := range runes {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// secret reports whether the lines of a finding may hold a secret's value.
func secret(f review.Finding) bool {
	return strings.Contains(f.Rule, "secret") || f.Object.Kind == "Secret" || f.Origin.Kind == "Secret"
}
