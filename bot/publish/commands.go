package publish

import (
	"fmt"
	"io"
	"strings"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// A workflow command ends at a line's end, and its properties at a comma or
// colon: everything that could end one early is written as %XX.
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeCommands writes each finding as a command of GitHub Actions, which
// shows it at its line in the pull request's diff.
func writeCommands(w io.Writer, report *review.Report, _ Options) error {
	for _, f := range bySeverity(report) {
		command := map[rules.Severity]string{rules.Error: "error", rules.Warning: "warning"}[f.Severity]
		if command == "" {
			command = "notice"
		}
		var properties []string
		if f.Path != "" {
			properties = append(properties, "file="+commandProperty.Replace(f.Path))
		}
		if f.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", f.Line), fmt.Sprintf("endLine=%d", lastLine(f)))
		}
		// GitHub refuses columns that span lines.
		if f.Column > 0 && lastLine(f) == f.Line {
			properties = append(properties, fmt.Sprintf("col=%d", f.Column))
		}
		properties = append(properties, "title="+commandProperty.Replace(f.Rule))
		message := Printable(f.Message)
		if len(f.Overlays) > 0 {
			message += "\nin " + Printable(listing(f.Overlays))
		}
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", command, strings.Join(properties, ","), commandData.Replace(message)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s\n", count(report))
	return err
}
