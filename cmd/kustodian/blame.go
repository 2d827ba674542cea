package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

func blameCommand() *cobra.Command {
	var field, format string
	cmd := &cobra.Command{
		Use:   "blame OVERLAY",
		Short: "Show the build of an overlay, each line with the file and line that says it",
		Example: `  kustodian blame overlays/prod
  kustodian blame overlays/prod --field spec.replicas`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format %q: want text or json", format)
			}
			var wanted overlay.Field
			if field != "" {
				var err error
				if wanted, err = overlay.ParseField(field); err != nil {
					return fmt.Errorf("--field: %w", err)
				}
			}
			t, err := targetOf(args)
			if err != nil {
				return err
			}
			path := "."
			if len(t.paths) == 1 {
				path = t.paths[0]
			}
			scalars, lines, err := review.Blame(cmd.Context(), worker.TreeRef{Folder: t.root}, path)
			if err != nil {
				return err
			}
			if wanted != nil {
				if scalars = under(scalars, wanted); len(scalars) == 0 {
					return fmt.Errorf("no object of %s has a field %s; kustodian blame %s lists the fields", path, wanted, path)
				}
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			switch {
			case format == "json":
				err = blameJSON(out, scalars)
			case wanted != nil:
				blameHistory(out, scalars)
			default:
				blameText(out, lines)
			}
			return errors.Join(err, out.Flush())
		},
	}
	cmd.Flags().StringVar(&field, "field", "", "the whole history of one field `PATH` through the layers, such as spec.replicas")
	cmd.Flags().StringVar(&format, "format", "text", "how to print: text, json")
	complete(cmd, "format", "text", "json")
	return cmd
}

// under are the lines at or below a field, in any object.
func under(lines []overlay.BlameLine, field overlay.Field) []overlay.BlameLine {
	var out []overlay.BlameLine
	for _, l := range lines {
		if len(l.Field) >= len(field) && l.Field[:len(field)].String() == field.String() {
			out = append(out, l)
		}
	}
	return out
}

// blameJSON prints one object a line.
func blameJSON(w io.Writer, lines []overlay.BlameLine) error {
	encoder := json.NewEncoder(w)
	for _, l := range lines {
		via := make([]blamePlace, 0, len(l.Source.Via))
		for _, s := range l.Source.Via {
			via = append(via, blamePlace{Path: s.Path, Line: s.Line, By: s.By})
		}
		row := blameRow{Object: l.Object.String(), Field: l.Field, Value: l.Value, By: l.Source.By, How: l.Source.How, Exact: l.Source.Exact, Via: via}
		if l.Source.Path != "" {
			row.Path, row.Line, row.Column = &l.Source.Path, &l.Source.Line, &l.Source.Column
		}
		if err := encoder.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

// A blameRow is one scalar of a build. Path, Line and Column are null where
// the source is unknown.
type blameRow struct {
	Object string        `json:"object"`
	Field  overlay.Field `json:"field"`
	Value  string        `json:"value"`
	Path   *string       `json:"path"`
	Line   *int          `json:"line"`
	Column *int          `json:"column"`
	By     string        `json:"by"`
	How    string        `json:"how"`
	Exact  bool          `json:"exact"`
	Via    []blamePlace  `json:"via"`
}

type blamePlace struct {
	Path string `json:"path"`
	Line int    `json:"line"`
	By   string `json:"by"`
}

// blameText prints the build, before each line where it is said and by what,
// as git blame does. A question mark stands for a place that is not exact.
func blameText(w io.Writer, lines []overlay.PrintedLine) {
	places, by := 0, 0
	for _, l := range lines {
		if l.Source != nil {
			places, by = max(places, len(place(*l.Source))), max(by, len(l.Source.By))
		}
	}
	for _, l := range lines {
		var source overlay.Source
		text := ""
		if l.Source != nil {
			source, text = *l.Source, place(*l.Source)
		}
		fmt.Fprintf(w, "%-*s  %-*s | %s\n", places, text, by, source.By, publish.Printable(l.Text))
	}
}

// blameHistory prints every source that had a say in a field, the one that
// counts first.
func blameHistory(w io.Writer, lines []overlay.BlameLine) {
	for i, l := range lines {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: %s\n", publish.Printable(fmt.Sprint(l.Object, " ", l.Field)), oneLine(l.Value))
		fmt.Fprintf(w, "  set by    %s (%s, known by %s)\n", place(l.Source), l.Source.By, l.Source.How)
		for _, via := range l.Source.Via {
			fmt.Fprintf(w, "  overrides %s (%s)\n", place(via), via.By)
		}
	}
}

// place is where a source stands, with a question mark where that is not exact.
func place(s overlay.Source) string {
	if s.Path == "" {
		return "?"
	}
	text := fmt.Sprintf("%s:%d", publish.Printable(s.Path), s.Line)
	if !s.Exact {
		text += "?"
	}
	return text
}

// oneLine is the first line of a value, safe to print.
func oneLine(value string) string {
	first, _, more := strings.Cut(value, "\n")
	if more {
		first += " …"
	}
	return publish.Printable(first)
}
